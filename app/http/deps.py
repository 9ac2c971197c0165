"""What routes take by name: the wired services, who is asking, the present time. Knows no page.

All of it is at hand, so none is a plain function: FastAPI would spend a thread on each.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from app.auth.authenticator import Authenticator
from app.auth.rules import Caller
from app.bootstrap import Services
from app.console.repositories import resolve_repository
from app.console.timeouts import PATIENCE
from app.errors import Problem
from app.web.render import is_htmx

# Lightsail's own rule for names of container services.
SERVICE_NAME = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"
LONGEST_SERVICE = 63


async def services(request: Request) -> Services:
    """The parts of this replica."""
    wired: Services = request.app.state.services
    return wired


async def known_place(request: Request) -> None:
    """An address names a region that we look after and a service that can exist.

    Raises:
        Problem: `region.not_configured`; `service.not_found` for what Lightsail would never take as a name.
    """
    region, service = (str(request.path_params.get(name, "")) for name in ("region", "service"))
    ours = (await services(request)).regions
    if region and region not in ours:
        raise Problem("region.not_configured", region=region, regions=", ".join(ours))
    if service and (len(service) > LONGEST_SERVICE or not re.fullmatch(SERVICE_NAME, service)):
        raise Problem("service.not_found", service=service[:LONGEST_SERVICE], region=region)


async def retry_problems(request: Request) -> None:
    """Read again what could not be read, for a person who opens or reloads a page; not for a part that polls."""
    if is_htmx(request):
        return
    wired, region = await services(request), str(request.path_params.get("region", ""))
    await wired.scanner.retry([region] if region else wired.regions, PATIENCE)


async def repository_name(request: Request, repository: str) -> str:
    """The repository that an address names. Raises Problem as `resolve_repository`."""
    return await resolve_repository(await services(request), request.path_params["region"], repository)


async def person(request: Request) -> str:
    """Who asks, as the history will name them; the sign-in has let them in."""
    name: str = request.state.person
    return name


async def caller(request: Request) -> Caller:
    """Who sends the request: more about them than their name."""
    known: Caller = request.state.caller
    return known


async def authenticator(request: Request) -> Authenticator:
    """What authenticates the requests of this replica."""
    ours: Authenticator = request.app.state.authenticator
    return ours


async def now(request: Request) -> datetime:
    """The present time, UTC."""
    return (await services(request)).clock.now()


ServicesDep = Annotated[Services, Depends(services)]
PersonDep = Annotated[str, Depends(person)]
CallerDep = Annotated[Caller, Depends(caller)]
AuthenticatorDep = Annotated[Authenticator, Depends(authenticator)]
KnownPlace = Depends(known_place)
RetryProblems = Depends(retry_problems)
RepositoryDep = Annotated[str, Depends(repository_name)]
NowDep = Annotated[datetime, Depends(now)]

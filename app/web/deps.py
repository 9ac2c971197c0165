"""What routes take by name: the wired services, who is asking, the present time. Knows no page."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from app.auth.authenticator import Authenticator
from app.auth.rules import Caller
from app.bootstrap import Services
from app.errors import Problem
from app.operations.start import check_name

# Lightsail's own rule for names of container services.
SERVICE_NAME = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"
LONGEST_SERVICE = 63


def services(request: Request) -> Services:
    """The parts of this replica."""
    wired: Services = request.app.state.services
    return wired


def known_place(request: Request) -> None:
    """An address names a region that we look after and a service that can exist.

    Raises:
        Problem: `region.not_configured`; `service.not_found` for what Lightsail would never take as a name.
    """
    region, service = (str(request.path_params.get(name, "")) for name in ("region", "service"))
    ours = services(request).regions
    if region and region not in ours:
        raise Problem("region.not_configured", region=region, regions=", ".join(ours))
    if service and (len(service) > LONGEST_SERVICE or not re.fullmatch(SERVICE_NAME, service)):
        raise Problem("service.not_found", service=service[:LONGEST_SERVICE], region=region)


async def repository_name(repository: str) -> str:
    """The repository that an address names. Raises Problem `repository.bad_name` for what can never be one."""
    check_name(repository.strip())
    return repository.strip()


def person(request: Request) -> str:
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


def now(request: Request) -> datetime:
    """The present time, UTC."""
    return services(request).clock.now()


ServicesDep = Annotated[Services, Depends(services)]
PersonDep = Annotated[str, Depends(person)]
CallerDep = Annotated[Caller, Depends(caller)]
AuthenticatorDep = Annotated[Authenticator, Depends(authenticator)]
KnownPlace = Depends(known_place)
RepositoryDep = Annotated[str, Depends(repository_name)]
NowDep = Annotated[datetime, Depends(now)]

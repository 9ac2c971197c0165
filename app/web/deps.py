"""What routes take by name: the wired services, who is asking, the present time. Knows no page."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from app.bootstrap import Services
from app.errors import Problem
from app.operations.start import check_name
from app.web.asking import PATIENCE
from app.web.render import is_htmx

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


async def retry_problems(request: Request) -> None:
    """Read again what could not be read, for a person who opens or reloads a page; not for a part that polls."""
    if is_htmx(request):
        return
    wired, region = services(request), str(request.path_params.get("region", ""))
    await wired.scanner.retry([region] if region else wired.regions, PATIENCE)


async def repository_name(repository: str) -> str:
    """The repository that an address names. Raises Problem `repository.bad_name` for what can never be one."""
    check_name(repository.strip())
    return repository.strip()


def person(request: Request) -> str:
    """Who asks, as the history will name them; the sign-in has let them in."""
    name: str = request.state.person
    return name


def now(request: Request) -> datetime:
    """The present time, UTC."""
    return services(request).clock.now()


ServicesDep = Annotated[Services, Depends(services)]
PersonDep = Annotated[str, Depends(person)]
KnownPlace = Depends(known_place)
RetryProblems = Depends(retry_problems)
RepositoryDep = Annotated[str, Depends(repository_name)]
NowDep = Annotated[datetime, Depends(now)]

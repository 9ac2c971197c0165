"""What routes take by name: the wired services, who is asking, the present time. Knows no page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from app.bootstrap import Services
from app.errors import Problem


def services(request: Request) -> Services:
    """The parts of this replica."""
    wired: Services = request.app.state.services
    return wired


def known_region(request: Request) -> None:
    """An address names a region that we look after. Raises Problem `region.not_configured`."""
    region, ours = request.path_params.get("region"), services(request).regions
    if region is not None and region not in ours:
        raise Problem("region.not_configured", region=region, regions=", ".join(ours))


def person(request: Request) -> str:
    """Who asks, as the history will name them; the sign-in has let them in."""
    name: str = request.state.person
    return name


def now(request: Request) -> datetime:
    """The present time, UTC."""
    return services(request).clock.now()


ServicesDep = Annotated[Services, Depends(services)]
PersonDep = Annotated[str, Depends(person)]
KnownRegion = Depends(known_region)
NowDep = Annotated[datetime, Depends(now)]

"""What routes take by name: the wired services, who is asking, the present time. Knows no page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from app.bootstrap import Services


def services(request: Request) -> Services:
    """The parts of this replica."""
    wired: Services = request.app.state.services
    return wired


def person(request: Request) -> str:
    """Who asks, as the history will name them; the sign-in has let them in."""
    name: str = request.state.person
    return name


def now(request: Request) -> datetime:
    """The present time, UTC."""
    return services(request).clock.now()


ServicesDep = Annotated[Services, Depends(services)]
PersonDep = Annotated[str, Depends(person)]
NowDep = Annotated[datetime, Depends(now)]

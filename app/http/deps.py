"""What routes take by name: the wired services, who is asking, the present time. Knows no page.

All of it is at hand, so none is a plain function: FastAPI would spend a thread on each.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from app.auth.authenticator import Authenticator
from app.auth.rules import Caller
from app.bootstrap import Services

# Lightsail's own rule for names of container services.
SERVICE_NAME = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"
LONGEST_SERVICE = 63


async def services(request: Request) -> Services:
    """The parts of this replica."""
    wired: Services = request.app.state.services
    return wired


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
NowDep = Annotated[datetime, Depends(now)]

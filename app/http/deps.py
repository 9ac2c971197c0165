"""FastAPI dependencies of routes: the services, the caller, the current time. Knows no page.

All are async although none awaits: FastAPI would use a thread for each plain function.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from app.auth.authenticator import Authenticator
from app.auth.rules import Caller
from app.bootstrap import Services

# Lightsail's rule for names of container services.
SERVICE_NAME = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"
LONGEST_SERVICE = 63


async def services(request: Request) -> Services:
    """Return the services of this replica."""
    wired: Services = request.app.state.services
    return wired


async def person(request: Request) -> str:
    """Return the caller's name for the history; authentication has already accepted the request."""
    name: str = request.state.person
    return name


async def caller(request: Request) -> Caller:
    """Return the caller: more than the name."""
    signed_in: Caller = request.state.caller
    return signed_in


async def authenticator(request: Request) -> Authenticator:
    """Return the authenticator of this replica."""
    ours: Authenticator = request.app.state.authenticator
    return ours


async def now(request: Request) -> datetime:
    """Return the current time, UTC."""
    return (await services(request)).clock.now()


ServicesDep = Annotated[Services, Depends(services)]
PersonDep = Annotated[str, Depends(person)]
CallerDep = Annotated[Caller, Depends(caller)]
AuthenticatorDep = Annotated[Authenticator, Depends(authenticator)]
NowDep = Annotated[datetime, Depends(now)]

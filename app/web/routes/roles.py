"""The image puller role by itself: activate and deactivate, each asked for in a dialog."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from app.http.deps import PersonDep, ServicesDep
from app.http.routing import ThreadedRoute
from app.operations.start import Ask
from app.operations.state import Kind
from app.web.deps import KnownPlace
from app.web.render import render
from app.web.responses import started
from app.web.views import dialogs

router = APIRouter(
    prefix="/containers/{region}/{service}/role",
    dependencies=[KnownPlace],
    include_in_schema=False,
    route_class=ThreadedRoute,
)


@router.get("/activate")
def ask_activate(request: Request, region: str, service: str) -> Response:
    """What activating means."""
    return render(request, dialogs.activate_dialog(region, service))


@router.post("/activate")
def activate(request: Request, services: ServicesDep, who: PersonDep, region: str, service: str) -> Response:
    """Start activating the role."""
    return started(request, services, services.starter.start(Ask(Kind.ACTIVATE, region, service, asked_by=who)))


@router.get("/deactivate")
def ask_deactivate(request: Request, services: ServicesDep, region: str, service: str) -> Response:
    """Every repository whose policy still names the role."""
    return render(request, dialogs.deactivate(services, region, service))


@router.post("/deactivate")
def deactivate(
    request: Request,
    services: ServicesDep,
    who: PersonDep,
    region: str,
    service: str,
    remove: Annotated[str, Form()] = "",
) -> Response:
    """Start deactivating the role; `remove` takes its statements along."""
    ask = Ask(Kind.DEACTIVATE, region, service, asked_by=who, input={"remove_statements": remove == "1"})
    return started(request, services, services.starter.start(ask))

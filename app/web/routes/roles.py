"""The image puller role alone: activate and deactivate, each with a dialog."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Query, Request
from starlette.responses import Response

from app.console.role_changes import plan_deactivation, start_deactivation
from app.http.deps import NowDep, PersonDep, ServicesDep
from app.operations.start import Ask
from app.operations.state import Kind
from app.threads import run_in_threadpool
from app.web import links
from app.web.deps import KnownPlace, patience
from app.web.render import render
from app.web.responses import started
from app.web.routers import page_router
from app.web.views import dialogs
from app.web.views.role_changes import deactivate_dialog, notice_for, planned_change

router = page_router("/containers/{region}/{service}/role", dependencies=[KnownPlace])


@router.get("/activate")
def ask_activate(request: Request, region: str, service: str) -> Response:
    """Show the dialog that explains the activation."""
    return render(request, dialogs.activate_dialog(region, service))


@router.post("/activate")
def activate(request: Request, services: ServicesDep, who: PersonDep, region: str, service: str) -> Response:
    """Start activating the role."""
    return started(request, services, services.starter.start(Ask(Kind.ACTIVATE, region, service, asked_by=who)))


@router.get("/deactivate")
async def ask_deactivate(request: Request, services: ServicesDep, now: NowDep, region: str, service: str) -> Response:
    """Show the dialog with what it takes away from every repository."""
    plan = await plan_deactivation(services, region, service, seconds=patience(request))
    return await run_in_threadpool(render, request, deactivate_dialog(region, service, plan, now))


@router.get("/deactivate/change")
async def change(
    request: Request,
    services: ServicesDep,
    region: str,
    service: str,
    repository: Annotated[str, Query(max_length=1000)],
) -> Response:
    """Show what it takes away from one repository."""
    plan = await plan_deactivation(services, region, service, only=repository, seconds=patience(request))
    back = links.role(region, service, "deactivate")
    return await run_in_threadpool(lambda: render(request, planned_change(plan, repository, back)))


@router.post("/deactivate")
async def deactivate(
    request: Request,
    services: ServicesDep,
    who: PersonDep,
    now: NowDep,
    region: str,
    service: str,
    remove: Annotated[str, Form()] = "",
    previewed: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Start deactivating the role as previewed; `remove` also removes its statements. Show again what has changed."""
    plan = await plan_deactivation(services, region, service)
    removes = remove == "1"
    if plan.fingerprint != previewed:
        dialog = deactivate_dialog(region, service, plan, now, remove=removes, notice=notice_for(previewed))
        return await run_in_threadpool(render, request, dialog, status=422)
    return await run_in_threadpool(
        lambda: started(
            request,
            services,
            start_deactivation(services, (region, service), who, plan, remove_statements=removes),
        )
    )

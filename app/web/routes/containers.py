"""The list of container services, and a service's Overview and Deployments tabs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from app.console.service_list import AccessFilter, ServiceFilter, Sort
from app.console.services import get_deployments
from app.http.deps import NowDep, ServicesDep
from app.threads import run_in_threadpool
from app.web.deps import KnownPlace, RetryProblems, patience
from app.web.render import render
from app.web.routers import page_router
from app.web.views.containers import containers_page
from app.web.views.service import deployments_page, overview_page

router = page_router("/containers", dependencies=[KnownPlace])

Text = Annotated[str, Query(max_length=100)]


@router.get("", dependencies=[RetryProblems])
def containers(
    request: Request,
    services: ServicesDep,
    now: NowDep,
    q: str = "",
    region: Text = "",
    state: Text = "",
    access: Text = "",
    sort: Text = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> Response:
    """All services of every configured region."""
    chosen_access = AccessFilter(access) if access in set(AccessFilter) else None
    criteria = ServiceFilter(region, state, chosen_access, Sort(sort) if sort in set(Sort) else Sort.NAME)
    return render(request, containers_page(services, q[:100], now, criteria, page))


@router.get("/{region}/{service}", dependencies=[RetryProblems])
def overview(request: Request, services: ServicesDep, now: NowDep, region: str, service: str) -> Response:
    """Show a service's details."""
    return render(request, overview_page(services, region, service, now))


@router.get("/{region}/{service}/deployments")
async def deployments(request: Request, services: ServicesDep, now: NowDep, region: str, service: str) -> Response:
    """Show a service's deployments, or what is known of them when AWS is slow."""
    answer = await get_deployments(services, region, service, seconds=patience(request))
    page = await run_in_threadpool(deployments_page, services, region, service, now, answer)
    return await run_in_threadpool(render, request, page)

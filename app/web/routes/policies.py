"""A repository's policy as seen for a service."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.console.policies import repository_policy
from app.console.timeouts import within
from app.http.deps import NowDep, ServicesDep
from app.http.routing import ThreadedRoute
from app.threads import run_in_threadpool
from app.web.deps import KnownPlace, RepositoryDep, patience
from app.web.render import render
from app.web.views.policy import PolicyPage

router = APIRouter(
    prefix="/containers/{region}/{service}",
    dependencies=[KnownPlace],
    include_in_schema=False,
    route_class=ThreadedRoute,
)


@router.get("/policy")
async def policy(
    request: Request,
    services: ServicesDep,
    now: NowDep,
    region: str,
    service: str,
    repository: RepositoryDep,
) -> Response:
    """The policy read afresh, or as it was last read when AWS is slow or refuses."""
    problem = await within(patience(request), services.scanner.refresh_repository(region, repository))
    answer = await run_in_threadpool(repository_policy, services, region, service, repository, now=now, problem=problem)
    return await run_in_threadpool(render, request, PolicyPage(answer, now))

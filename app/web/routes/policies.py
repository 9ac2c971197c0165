"""A repository's policy as seen for a service."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from app.as_code.grant import Form
from app.console.as_code import as_code
from app.console.policies import repository_policy
from app.console.timeouts import PATIENCE, within
from app.http.deps import NowDep, ServicesDep
from app.threads import run_in_threadpool
from app.web.deps import KnownPlace, RepositoryDep, patience
from app.web.render import render
from app.web.responses import download
from app.web.routers import page_router
from app.web.views.policy import PolicyPage

router = page_router("/containers/{region}/{service}", dependencies=[KnownPlace])


@router.get("/policy")
async def policy(
    request: Request,
    services: ServicesDep,
    now: NowDep,
    region: str,
    service: str,
    repository: RepositoryDep,
) -> Response:
    """Show the policy as AWS returns it now, or as last read when AWS is slow or refuses."""
    problem = await within(patience(request), services.scanner.refresh_repository(region, repository))
    answer = await run_in_threadpool(repository_policy, services, region, service, repository, now=now, problem=problem)
    return await run_in_threadpool(render, request, PolicyPage(answer, now))


@router.get("/policy/as-code")
async def policy_as_code(
    services: ServicesDep, region: str, service: str, repository: RepositoryDep, form: Form
) -> Response:
    """Download the policy with access for the service, as `aws` commands, Terraform or CloudFormation."""
    problem = await within(PATIENCE, services.scanner.refresh_repository(region, repository))
    code = await run_in_threadpool(as_code, services, region, service, repository, form, problem=problem)
    return await run_in_threadpool(download, code)

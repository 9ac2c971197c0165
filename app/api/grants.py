"""Routes that grant, revoke, repair and preview access, and switch the image puller role. They start operations."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import Query, Response
from starlette.responses import JSONResponse

from app.api.deps import OF_SERVICE, KnownServiceDep, NamedServiceDep, RepositoryQuery, accepted
from app.api.responses import AWS, refusals, started
from app.api.routers import api_router
from app.api.schemas.operations import Operation
from app.api.schemas.previews import Preview as PreviewAnswer
from app.api.schemas.previews import PreviewRequest
from app.api.schemas.problems import ProblemBody
from app.api.schemas.repositories import GrantRequest, PruneRequest
from app.api.schemas.role_changes import RoleChangePreview
from app.api.schemas.services import DeactivateRequest
from app.api.schemas.texts import FINGERPRINT
from app.bootstrap import Services
from app.console.access import check_removable
from app.console.nearest import explain_refused_name, with_nearest
from app.console.previews import preview as console_preview
from app.console.repositories import existing_repository, resolve_repository
from app.console.role_changes import check_unchanged, plan_deactivation, start_deactivation
from app.console.timeouts import PROGRAM_PATIENCE
from app.errors import Problem
from app.http.deps import PersonDep, ServicesDep
from app.http.problems import status_of
from app.keys import AccessTarget
from app.operations.start import Ask
from app.operations.state import Kind
from app.threads import run_in_threadpool

router = api_router("Access", OF_SERVICE)


@router.post("/grants", status_code=202, summary="Grant access to a repository", responses=started(*AWS, 409))
async def grant(
    services: ServicesDep, who: PersonDep, known_service: KnownServiceDep, body: GrantRequest, response: Response
) -> Operation:
    """Activates the image puller role if needed, adds one statement to the policy, and verifies the access.

    A repeated request joins the running operation and returns its id.
    """
    target = (known_service.service.region, known_service.service.name, body.repository)
    try:
        name = await existing_repository(services, *target)
    except Problem as refused:
        return await run_in_threadpool(_refuse, services, target, refused)
    ask = Ask(Kind.GRANT, *target[:2], name, who, _as(body.previewed))
    return await run_in_threadpool(_start, services, response, ask)


@router.delete("/grants", status_code=202, summary="Remove access", responses=started(*AWS))
async def revoke(
    services: ServicesDep,
    who: PersonDep,
    named: NamedServiceDep,
    repository: RepositoryQuery,
    response: Response,
    previewed: Annotated[
        str | None, Query(max_length=64, pattern=FINGERPRINT, description="As in the body of a grant.")
    ] = None,
) -> Operation:
    """Removes the service from every statement of the policy that names it; everything else stays unchanged.

    The service may be deleted, as long as the policy names it.
    """
    name = await resolve_repository(services, named.region, repository)
    await check_removable(services, (*named, name))
    ask = Ask(Kind.REVOKE, *named, name, who, _as(previewed))
    return await run_in_threadpool(_start, services, response, ask)


@router.post("/grants/repair", status_code=202, summary="Repair access", responses=started(*AWS, 409))
async def repair(
    services: ServicesDep, who: PersonDep, known_service: KnownServiceDep, body: GrantRequest, response: Response
) -> Operation:
    """Grants access to the service's current role, and removes those of its roles that cannot pull."""
    region, service = known_service.service.region, known_service.service.name
    name = await resolve_repository(services, region, body.repository)
    ask = Ask(Kind.REPAIR, region, service, name, who, _as(body.previewed))
    return await run_in_threadpool(_start, services, response, ask)


@router.post("/policy/prune", status_code=202, summary="Remove dead principals", responses=started(404))
async def prune(
    services: ServicesDep, who: PersonDep, named: NamedServiceDep, body: PruneRequest, response: Response
) -> Operation:
    """Removes principals that no longer exist from a policy: ECR refuses every change while it names one.

    Only what the preview showed is removed, and only what cannot exist or what ECR refused.

    The service may be deleted.
    """
    name = await resolve_repository(services, named.region, body.repository)
    request: dict[str, Any] = {"previewed": body.previewed}
    if body.principals:
        request["principals"] = body.principals
    ask = Ask(Kind.PRUNE, *named, name, who, request)
    return await run_in_threadpool(_start, services, response, ask)


@router.post("/preview", summary="Preview a change of access", responses=refusals(*AWS))
async def preview(services: ServicesDep, named: NamedServiceDep, body: PreviewRequest) -> PreviewAnswer:
    """The policy change and the AWS calls, planned on the current policy in AWS. Changes nothing."""
    target = (*named, await resolve_repository(services, named.region, body.repository))
    request = {"principals": body.principals} if body.principals else None
    kind = Kind(body.kind)
    planned = await console_preview(services, kind, target, request, seconds=PROGRAM_PATIENCE)
    return await run_in_threadpool(PreviewAnswer.of, planned, kind=kind)


@router.post("/role/activate", status_code=202, summary="Activate the image puller role", responses=started(*AWS))
def activate(services: ServicesDep, who: PersonDep, known_service: KnownServiceDep, response: Response) -> Operation:
    """The operation ends once AWS has given the role its principal ARN."""
    ask = Ask(Kind.ACTIVATE, known_service.service.region, known_service.service.name, asked_by=who)
    return _start(services, response, ask)


@router.post("/role/deactivate/preview", summary="Preview deactivating the role", responses=refusals(*AWS))
async def preview_deactivation(services: ServicesDep, known_service: KnownServiceDep) -> RoleChangePreview:
    """Every repository whose policy names the service's role, with what `remove_statements` would change in it.

    Changes nothing.
    """
    region, name = known_service.service.region, known_service.service.name
    plan = await plan_deactivation(services, region, name, seconds=PROGRAM_PATIENCE)
    return await run_in_threadpool(RoleChangePreview.of, plan)


@router.post(
    "/role/deactivate", status_code=202, summary="Deactivate the image puller role", responses=started(*AWS, 409)
)
async def deactivate(
    services: ServicesDep, who: PersonDep, known_service: KnownServiceDep, response: Response, body: DeactivateRequest
) -> Operation:
    """Afterwards the service can't pull from any private repository; a later activation gives the role another ARN.

    Refused if something has changed since the preview.
    """
    region_and_name = (known_service.service.region, known_service.service.name)
    plan = await plan_deactivation(services, *region_and_name, seconds=PROGRAM_PATIENCE)
    check_unchanged(plan, body.previewed)
    removes = body.remove_statements
    start = partial(start_deactivation, services, region_and_name, who, plan, remove_statements=removes)
    return await run_in_threadpool(lambda: accepted(services, response, start()))


def _start(services: Services, response: Response, ask: Ask) -> Operation:
    return accepted(services, response, services.starter.start(ask))


def _as(previewed: str | None) -> dict[str, Any]:
    return {} if previewed is None else {"previewed": previewed}


def _refuse(services: Services, target: AccessTarget, problem: Problem) -> Any:
    """Return the response to a refused repository name, with the most similar names."""
    region, _, typed = target
    explained = with_nearest(*explain_refused_name(services, region, typed, problem))
    return JSONResponse(ProblemBody.of(explained).model_dump(mode="json"), status_of(explained))

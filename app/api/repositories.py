"""All repositories of the configured Regions, one of them, and from where a principal can pull."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response

from app.api.deps import Region, accepted
from app.api.responses import AWS, refusals, started
from app.api.routers import api_router
from app.api.schemas.all_repositories import AllRepositories, RepositoryDetailBody, State, WhoCanPullBody
from app.api.schemas.operations import Operation
from app.api.schemas.previews import Preview, PrunePreviewRequest
from app.api.schemas.repositories import RepositoryPruneRequest
from app.api.schemas.texts import TEXT
from app.console.previews import preview
from app.console.regions import check_region
from app.console.repositories import named_repository
from app.console.repository_detail import repository_detail
from app.console.repository_list import list_repositories
from app.console.timeouts import PATIENCE, PROGRAM_PATIENCE, within
from app.console.who_can_pull import who_can_pull
from app.http.deps import NowDep, PersonDep, ServicesDep
from app.inventory.repositories import RepositoryCursor, RepositoryFilter
from app.operations.start import Ask
from app.operations.state import Kind
from app.threads import run_in_threadpool

router = api_router("Repositories")

Part = Annotated[str, Query(max_length=256, pattern=TEXT, description="A part of the name.")]
CursorQuery = Annotated[str, Query(max_length=400, pattern=TEXT, description="`next` of a page.")]


@router.get("/repositories", summary="All repositories with who can pull", responses=refusals(404))
def all_repositories(
    services: ServicesDep,
    q: Part = "",
    region: Annotated[
        str, Query(max_length=32, pattern=TEXT, description="A configured Region; empty: all of them.")
    ] = "",
    state: Annotated[State | None, Query(description="What its policy is like; left out: any.")] = None,
    cursor: CursorQuery = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AllRepositories:
    """From what was read last; no answer of AWS is awaited. An empty page says only with `coverage.whole` that there is none."""
    if region:
        check_region(services, region)
    after = RepositoryCursor.from_text(cursor) if cursor else None
    criteria = RepositoryFilter(q, region, state or "")
    return AllRepositories.of(list_repositories(services, criteria, after, limit=limit))


@router.get("/repositories/{region}/{name:path}", summary="One repository", responses=refusals(*AWS))
async def one_repository(
    services: ServicesDep,
    now: NowDep,
    region: Region,
    name: Annotated[str, Path(min_length=1, max_length=256, pattern=TEXT, examples=["storefront/web"])],
) -> RepositoryDetailBody:
    """Its policy is read afresh, or told as it was last read where AWS is slow or refuses (`problem`)."""
    name = await named_repository(services, region, name)
    problem = await within(PATIENCE, services.scanner.refresh_repository(region, name))
    detail = await run_in_threadpool(repository_detail, services, region, name, now=now, problem=problem)
    return await run_in_threadpool(RepositoryDetailBody.of, detail)


@router.post("/repositories/prune", status_code=202, summary="Remove dead principals", responses=started(404))
async def prune_repository(
    services: ServicesDep, who: PersonDep, body: RepositoryPruneRequest, response: Response
) -> Operation:
    """Removes principals that no longer exist from a policy, for no service; as the route of a service does.

    Only what the preview showed is removed, and only what cannot exist or what ECR refused.
    """
    name = await named_repository(services, body.region, body.repository)
    request = {"previewed": body.previewed, **({"principals": body.principals} if body.principals else {})}
    ask = Ask(Kind.PRUNE, body.region, "", name, who, request)
    return await run_in_threadpool(lambda: accepted(services, response, services.starter.start(ask)))


@router.post("/repositories/prune/preview", summary="Preview removing dead principals", responses=refusals(*AWS))
async def preview_prune_repository(services: ServicesDep, body: PrunePreviewRequest) -> Preview:
    """Planned on the current policy in AWS. Changes nothing."""
    name = await named_repository(services, body.region, body.repository)
    request = {"principals": body.principals} if body.principals else None
    planned = await preview(services, Kind.PRUNE, (body.region, "", name), request, seconds=PROGRAM_PATIENCE)
    return await run_in_threadpool(Preview.of, planned, kind=Kind.PRUNE)


@router.get("/who-can-pull", summary="Repositories a principal can pull from")
def from_where(
    services: ServicesDep,
    principal: Annotated[str, Query(min_length=1, max_length=2048, pattern=TEXT, description="An ARN or account id.")],
) -> WhoCanPullBody:
    """By the repository policies and registry policies that were read last."""
    answer = who_can_pull(services, principal)
    if answer.problem is not None:
        raise answer.problem
    return WhoCanPullBody.of(answer)

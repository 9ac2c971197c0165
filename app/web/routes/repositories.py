"""All repositories, one of them with its images, and from where a principal can pull."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Form, Path, Query, Request
from starlette.responses import Response

from app.console.repositories import named_repository, resolve_repository
from app.console.repository_images import repository_images
from app.console.timeouts import within
from app.http.deps import NowDep, PersonDep, ServicesDep
from app.inventory.repositories import RepositoryFilter
from app.threads import run_in_threadpool
from app.web import links
from app.web.deps import KnownPlace, RetryProblems, patience
from app.web.forms import AccessForm
from app.web.pruning import show_prune, start_prune
from app.web.render import render
from app.web.routers import page_router
from app.web.views.repositories import repositories_page, who_can_pull_page
from app.web.views.repository import RepositoryImagesPage, repository_page

router = page_router(dependencies=[KnownPlace])

Text = Annotated[str, Query(max_length=1000)]


@router.get(links.REPOSITORIES, dependencies=[RetryProblems])
def repositories(
    request: Request,
    services: ServicesDep,
    now: NowDep,
    q: Text = "",
    region: Text = "",
    state: Text = "",
    cursor: Text = "",
) -> Response:
    """All private repositories of the configured Regions."""
    return render(request, repositories_page(services, RepositoryFilter(q.strip(), region, state), cursor, now))


async def prune_form(
    services: ServicesDep,
    who: PersonDep,
    region: Annotated[str, Form(max_length=32)],
    repository: Annotated[str, Form(max_length=1000)],
    principal: Annotated[list[str], Form(default_factory=list)],
    shown: Annotated[list[str], Form(default_factory=list)],
    previewed: Annotated[str, Form(max_length=400)] = "",
    follows: Annotated[str, Form(max_length=64)] = "",
) -> AccessForm:
    """Return the data of the dialog's form, with the repository's name resolved. Raises Problem."""
    name = await named_repository(services, region, repository)
    return AccessForm(region, "", name, who, previewed, tuple(principal), tuple(shown), follows)


@router.get(links.prune())
async def ask_prune(
    request: Request,
    services: ServicesDep,
    region: Annotated[str, Query(max_length=32)],
    repository: Annotated[str, Query(max_length=1000)],
    principal: Annotated[list[str], Query(default_factory=list, max_length=100)],
    follows: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Show the dialog that lists the deleted principals, and the policy without them."""
    target = (region, "", await named_repository(services, region, repository))
    return await show_prune(request, services, target, principal, follows)


@router.post(links.prune())
async def prune(request: Request, services: ServicesDep, form: Annotated[AccessForm, Depends(prune_form)]) -> Response:
    """Start removing deleted principals from a policy: an operation of the repository, whether or not it has services."""
    return await start_prune(request, services, form)


@router.get(links.REPOSITORIES + "/{region}/{name:path}")
async def repository(
    request: Request,
    services: ServicesDep,
    now: NowDep,
    region: str,
    name: Annotated[str, Path(max_length=256)],
    part: Literal["", "images"] = "",
) -> Response:
    """One repository, its policy read afresh, or as it was last read when AWS is slow or refuses; or its images."""
    name = await resolve_repository(services, region, name)
    if part == "images":
        images = await repository_images(services, region, name, patience(request))
        return await run_in_threadpool(render, request, RepositoryImagesPage(region, name, images, now))
    problem = await within(patience(request), services.scanner.refresh_repository(region, name))
    page = await run_in_threadpool(repository_page, services, region, name, now=now, problem=problem)
    return await run_in_threadpool(render, request, page)


@router.get(links.WHO_CAN_PULL)
def who_can_pull(
    request: Request, services: ServicesDep, now: NowDep, principal: Annotated[str, Query(max_length=2048)] = ""
) -> Response:
    """From which repositories a principal can pull."""
    return render(request, who_can_pull_page(services, principal, now))

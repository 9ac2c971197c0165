"""The Images tab, and adding and removing repositories: dialogs, lists, previews, and the operations they start."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import Response

from app.bootstrap import Services
from app.console import previews
from app.console.access import check_removable
from app.console.repositories import existing_repository, resolve_repository
from app.errors import Problem
from app.http.deps import NowDep, PersonDep, ServicesDep
from app.http.htmx import is_htmx
from app.http.routing import ThreadedRoute
from app.operations.state import Kind
from app.threads import run_in_threadpool
from app.web import links
from app.web.deps import KnownPlace, RepositoryDep, RetryProblems, patience
from app.web.forms import AccessForm, check_preview, start_access
from app.web.render import redirect, render
from app.web.responses import started
from app.web.views import dialogs
from app.web.views.add_repository import add_dialog, repository_options
from app.web.views.images import images_page
from app.web.views.next_steps import next_steps
from app.web.views.preview import PreviewView, preview_view

router = APIRouter(
    prefix="/containers/{region}/{service}",
    dependencies=[KnownPlace],
    include_in_schema=False,
    route_class=ThreadedRoute,
)

# What can be previewed from a name alone; undo and restore have previews in their own dialogs.
Previewed = Literal[Kind.GRANT, Kind.REPAIR, Kind.REVOKE, Kind.PRUNE]
RepositoryQuery = Annotated[str, Query(max_length=1000)]


async def access_form(
    who: PersonDep,
    region: str,
    service: str,
    principal: Annotated[list[str], Form(default_factory=list)],
    repository: Annotated[str, Form(max_length=1000)] = "",
    previewed: Annotated[str, Form(max_length=400)] = "",
    follows: Annotated[str, Form(max_length=64)] = "",
) -> AccessForm:
    """Return the data of a dialog's form."""
    return AccessForm(region, service, repository.strip(), who, previewed, tuple(principal), follows)


async def named_form(services: ServicesDep, form: Annotated[AccessForm, Depends(access_form)]) -> AccessForm:
    """Return the same with the repository's name resolved. Raises Problem."""
    name = await resolve_repository(services, form.region, form.repository)
    return replace(form, repository=name)


FormDep = Annotated[AccessForm, Depends(access_form)]
NamedFormDep = Annotated[AccessForm, Depends(named_form)]


@router.get("/images", dependencies=[RetryProblems])
async def images(
    request: Request, services: ServicesDep, now: NowDep, region: str, service: str, added: RepositoryQuery = ""
) -> Response:
    """The repositories that the service can pull from, and its role."""
    steps = await next_steps(services, (region, service), added) if added else None
    page = await run_in_threadpool(images_page, services, region, service, now, steps)
    return await run_in_threadpool(render, request, page)


@router.get("/next-steps")
async def next_steps_alone(
    request: Request, services: ServicesDep, region: str, service: str, added: RepositoryQuery = ""
) -> Response:
    """What to do with a repository that was added: asked for once more by a page that AWS kept waiting."""
    steps = await next_steps(services, (region, service), added, patience(request))
    if steps is None or not is_htmx(request):
        return redirect(request, links.images(region, service, added=added))
    return await run_in_threadpool(render, request, steps)


@router.get("/repositories/new")
def new(request: Request, services: ServicesDep, region: str, service: str) -> Response:
    """Show the Add dialog."""
    return render(request, add_dialog(services, region, service))


@router.get("/repositories/options")
def options(
    request: Request, services: ServicesDep, region: str, service: str, repository: RepositoryQuery = ""
) -> Response:
    """Show the list under the field, as the reader types."""
    return render(request, repository_options(services, region, service, repository))


@router.post("/repositories")
async def add(request: Request, services: ServicesDep, form: FormDep) -> Response:
    """Start adding a repository; an invalid name returns with the dialog."""
    try:
        name = await existing_repository(services, form.region, form.service, form.repository)
        named = replace(form, repository=name)
        check_preview(named)
    except Problem as refused:
        again = (services, form.region, form.service, form.repository, refused)
        dialog = await run_in_threadpool(add_dialog, *again)
        return await run_in_threadpool(render, request, dialog, status=422)
    return await run_in_threadpool(_start, request, services, Kind.GRANT, named)


@router.get("/repositories/remove")
def ask_remove(
    request: Request, services: ServicesDep, region: str, service: str, repository: RepositoryDep
) -> Response:
    """Show the Remove dialog, which lists what will change."""
    return render(request, dialogs.remove(services, region, service, repository))


@router.post("/repositories/remove")
async def remove(request: Request, services: ServicesDep, form: NamedFormDep) -> Response:
    """Start removing a repository, also of a deleted service."""
    await check_removable(services, (form.region, form.service, form.repository))
    return await run_in_threadpool(_start, request, services, Kind.REVOKE, form)


@router.get("/repositories/repair")
def ask_repair(
    request: Request, services: ServicesDep, region: str, service: str, repository: RepositoryDep
) -> Response:
    """Show the Repair dialog, which lists what is wrong."""
    return render(request, dialogs.repair(services, region, service, repository))


@router.post("/repositories/repair")
def repair(request: Request, services: ServicesDep, form: NamedFormDep) -> Response:
    """Start repairing access to a repository."""
    return _start(request, services, Kind.REPAIR, form)


@router.get("/repositories/prune")
async def ask_prune(
    request: Request,
    services: ServicesDep,
    region: str,
    service: str,
    repository: RepositoryDep,
    principal: Annotated[list[str], Query(default_factory=list, max_length=100)],
    follows: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Show the dialog that lists the deleted principals, and the policy without them."""
    target = (region, service, repository)
    chosen = {"principals": principal} if principal else None
    planning = previews.preview(services, Kind.PRUNE, target, chosen, seconds=patience(request))
    preview = await preview_view(planning, repository)
    dialog = await run_in_threadpool(dialogs.prune, services, target, preview, follows)
    return await run_in_threadpool(render, request, dialog)


@router.post("/repositories/prune")
def prune(request: Request, services: ServicesDep, form: NamedFormDep) -> Response:
    """Start removing deleted principals from a policy."""
    return _start(request, services, Kind.PRUNE, form)


@router.get("/repositories/preview")
async def preview(
    request: Request,
    services: ServicesDep,
    region: str,
    service: str,
    kind: Previewed,
    repository: RepositoryQuery = "",
) -> Response:
    """Show what would change in the current policy in AWS; without scripts, on a page with the button that does it."""
    try:
        name = await resolve_repository(services, region, repository)
    except Problem as problem:
        if is_htmx(request):
            return await run_in_threadpool(render, request, PreviewView(repository, problem=problem))
        dialog = await run_in_threadpool(add_dialog, services, region, service, repository, problem)
        return await run_in_threadpool(render, request, dialog, status=422)
    target = (region, service, name)
    shown = await preview_view(previews.preview(services, kind, target, seconds=patience(request)), name)
    view = shown if is_htmx(request) else await run_in_threadpool(dialogs.with_preview, services, kind, target, shown)
    return await run_in_threadpool(render, request, view)


def _start(request: Request, services: Services, kind: Kind, form: AccessForm) -> Response:
    return started(request, services, start_access(services, kind, form))

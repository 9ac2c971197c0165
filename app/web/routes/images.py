"""The Images tab, and adding and removing repositories: dialogs, lists, previews, and the operations they start."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import Depends, Form, Query, Request
from starlette.responses import Response

from app.bootstrap import Services
from app.console import previews
from app.console.access import check_removable
from app.console.repositories import existing_repository, resolve_repository
from app.errors import Problem
from app.http.deps import NowDep, PersonDep, ServicesDep
from app.http.htmx import is_htmx
from app.keys import AccessTarget
from app.operations.state import Kind
from app.threads import run_in_threadpool
from app.web import links
from app.web.deps import KnownPlace, RepositoryDep, RetryProblems, patience
from app.web.forms import OUTDATED, AccessForm, check_outdated, earlier_of, start_access
from app.web.pruning import show_prune, start_prune
from app.web.render import nothing_new, redirect, render
from app.web.responses import started
from app.web.routers import page_router
from app.web.views import dialogs
from app.web.views.add_repository import add_dialog, repository_options
from app.web.views.grant_check import grant_check
from app.web.views.images import images_page
from app.web.views.next_steps import next_steps
from app.web.views.preview import LONGEST_TEXT, PreviewView, preview_view

router = page_router("/containers/{region}/{service}", dependencies=[KnownPlace])

# What can be previewed from a name alone; undo and restore have previews in their own dialogs.
Previewed = Literal[Kind.GRANT, Kind.REPAIR, Kind.REVOKE, Kind.PRUNE]
RepositoryQuery = Annotated[str, Query(max_length=1000)]
# Twice as long as a policy: a form sends each end of a line as two characters.
PolicyField = Annotated[str, Form(max_length=2 * LONGEST_TEXT)]


async def access_form(
    who: PersonDep,
    region: str,
    service: str,
    principal: Annotated[list[str], Form(default_factory=list)],
    shown: Annotated[list[str], Form(default_factory=list)],
    repository: Annotated[str, Form(max_length=1000)] = "",
    previewed: Annotated[str, Form(max_length=400)] = "",
    previewed_before: PolicyField = "",
    previewed_after: PolicyField = "",
    follows: Annotated[str, Form(max_length=64)] = "",
    warned: Annotated[str, Form(max_length=400)] = "",
) -> AccessForm:
    """Return the data of a dialog's form."""
    texts = (previewed_before, previewed_after)
    typed, chosen = repository.strip(), (tuple(principal), tuple(shown))
    return AccessForm(region, service, typed, who, previewed, *chosen, follows=follows, texts=texts, warned=warned)


async def named_form(services: ServicesDep, form: Annotated[AccessForm, Depends(access_form)]) -> AccessForm:
    """Return the same with the repository's name resolved. Raises Problem."""
    name = await resolve_repository(services, form.region, form.repository)
    return replace(form, repository=name)


FormDep = Annotated[AccessForm, Depends(access_form)]
NamedFormDep = Annotated[AccessForm, Depends(named_form)]


@router.get("/images", dependencies=[RetryProblems])
async def images(
    request: Request,
    services: ServicesDep,
    now: NowDep,
    region: str,
    service: str,
    added: RepositoryQuery = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> Response:
    """The repositories that the service can pull from, and its role."""
    steps = await next_steps(services, (region, service), added) if added else None
    return await run_in_threadpool(lambda: render(request, images_page(services, region, service, now, steps, page)))


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


@router.get("/repositories/check")
def check(
    request: Request, services: ServicesDep, region: str, service: str, repository: RepositoryQuery = ""
) -> Response:
    """Show what is known to stand in the way of adding a repository. Calls nothing at AWS."""
    return render(request, grant_check(services, region, service, repository))


@router.post("/repositories")
async def add(
    request: Request, services: ServicesDep, form: FormDep, show: Annotated[str, Form(max_length=10)] = ""
) -> Response:
    """Start adding a repository; an invalid name, an outdated preview, or a warning not shown yet, returns the dialog.

    `show` is sent by the button that only previews, for readers without scripts.
    """
    target = (form.region, form.service, form.repository)
    if show:
        preview = await _preview(request, services, Kind.GRANT, target)
        return await run_in_threadpool(lambda: render(request, add_dialog(services, *target, preview=preview)))
    try:
        name = await existing_repository(services, *target)
        named = replace(form, repository=name)
        await check_outdated(services, named)
    except Problem as problem:
        return await _refuse_add(request, services, form, problem)
    return await run_in_threadpool(_add, request, services, named)


def _add(request: Request, services: Services, form: AccessForm) -> Response:
    """Start adding; what is known to stand in the way is shown first, where the form was sent without knowing of it."""
    target = (form.region, form.service, form.repository)
    if grant_check(services, *target).warned not in {"", form.warned}:
        return render(request, add_dialog(services, *target), status=422)
    return _start(request, services, Kind.GRANT, form)


async def _refuse_add(request: Request, services: Services, form: AccessForm, refused: Problem) -> Response:
    """Show the Add dialog again; where the preview was outdated, with it and the one of what would be done now."""
    target = (form.region, form.service, form.repository)
    preview, earlier = None, None
    if refused.code in OUTDATED:
        preview = await _preview(request, services, Kind.GRANT, target)
        earlier = await run_in_threadpool(earlier_of, form)
    dialog = await run_in_threadpool(lambda: add_dialog(services, *target, refused, preview=preview, earlier=earlier))
    return await run_in_threadpool(render, request, dialog, status=422)


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
    return await show_prune(request, services, (region, service, repository), principal, follows)


@router.post("/repositories/prune")
async def prune(request: Request, services: ServicesDep, form: NamedFormDep) -> Response:
    """Start removing deleted principals from a policy, once they were previewed."""
    return await start_prune(request, services, form)


@router.get("/repositories/preview")
async def preview(
    request: Request,
    services: ServicesDep,
    region: str,
    service: str,
    kind: Previewed,
    repository: RepositoryQuery = "",
    seen: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Show what would change in the current policy in AWS; without scripts, on a page with the button that does it.

    With `seen`: 204 while it is what that preview showed, or AWS can't be read.
    """
    target = (region, service, repository)
    if not is_htmx(request):
        return await _preview_page(request, services, kind, target)
    if bool(seen) and await run_in_threadpool(previews.is_still, services, kind, target, seen):
        return nothing_new()
    shown = await _preview(request, services, kind, target)
    is_unread = shown.problem is not None and previews.is_unread(shown.problem)
    if seen and (is_unread or shown.seen.endswith(f" {seen}")):
        return nothing_new()
    return await run_in_threadpool(render, request, replace(shown, renewed=bool(seen) and shown.problem is None))


async def _preview_page(request: Request, services: Services, kind: Kind, target: AccessTarget) -> Response:
    """Return the preview in the dialog with the button that does it, as a page; for an invalid name the Add dialog."""
    region, service, typed = target
    try:
        named = (region, service, await resolve_repository(services, region, typed))
    except Problem as problem:
        dialog = await run_in_threadpool(add_dialog, services, region, service, typed, problem)
        return await run_in_threadpool(render, request, dialog, status=422)
    shown = await _preview(request, services, kind, named)
    if kind is Kind.GRANT:
        return await run_in_threadpool(lambda: render(request, add_dialog(services, *named, preview=shown)))
    return await run_in_threadpool(lambda: render(request, dialogs.with_preview(services, kind, named, shown)))


async def _preview(request: Request, services: Services, kind: Kind, target: AccessTarget) -> PreviewView:
    """Return the preview of an operation on a repository as it was typed, with its way to be renewed."""
    region, service, typed = target
    try:
        name = await resolve_repository(services, region, typed)
    except Problem as problem:
        return PreviewView(typed, problem=problem)
    planning = previews.preview(services, kind, (region, service, name), seconds=patience(request))
    shown = await preview_view(planning, name, keeps_texts=kind is Kind.GRANT)
    seen = shown.seen.rpartition(" ")[2]
    again = links.repositories(region, service, "preview", repository=name, kind=kind, seen=seen, place="dialog")
    return replace(shown, renew_url=again if seen else "")


def _start(request: Request, services: Services, kind: Kind, form: AccessForm) -> Response:
    return started(request, services, start_access(services, kind, form))

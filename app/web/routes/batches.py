"""Many repositories at once: choosing them, the preview, and a batch with what may be done about it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Form, Query, Request
from starlette.responses import Response

from app.console import previews
from app.console.batch_plans import BatchRequest, plan_batch, startable
from app.console.batches import cancel as cancel_batch
from app.console.batches import check_cancel, check_undo, get_batch
from app.errors import Problem
from app.history import batches as history
from app.http.deps import NowDep, PersonDep, ServicesDep
from app.http.htmx import is_htmx
from app.operations.batches import NewItem
from app.operations.state import Kind
from app.threads import run_in_threadpool
from app.web import links
from app.web.deps import KnownPlace, RepositoryDep, patience
from app.web.render import nothing_new, redirect, refuse, render
from app.web.routers import page_router
from app.web.views.batch import UnknownBatch, batch_page, cancel_dialog, undo_dialog
from app.web.views.batches import change_dialog, choose_page, pattern_of, preview_page
from app.web.views.preview import preview_view

choosing = page_router("/containers/{region}/{service}/repositories/many", dependencies=[KnownPlace])
router = page_router("/batches")

Action = Literal[Kind.GRANT, Kind.REVOKE, Kind.REPAIR]
LONGEST_MATCH = 1000
Match = Annotated[str, Query(max_length=LONGEST_MATCH)]
State = Annotated[Literal["", "running", "failed", "done"], Query()]


async def batch_form(
    region: Annotated[str, Form(max_length=32)],
    service: Annotated[str, Form(max_length=64)],
    action: Annotated[Action, Form()],
    repository: Annotated[list[str], Form(default_factory=list)],
    match: Annotated[str, Form(max_length=LONGEST_MATCH + 2)] = "",
    everything: Annotated[str, Form(max_length=1)] = "",
) -> BatchRequest:
    """What the forms ask for: the repositories that were ticked, or with `everything` all that match."""
    pattern = pattern_of(match) if everything else ""
    return BatchRequest(Kind(action), ((region, service),), () if pattern else tuple(repository), pattern)


FormDep = Annotated[BatchRequest, Depends(batch_form)]


@choosing.get("")
def choose(
    request: Request,
    services: ServicesDep,
    now: NowDep,
    region: str,
    service: str,
    action: Action = Kind.GRANT,
    match: Match = "",
) -> Response:
    """The list of repositories to choose from."""
    return render(request, choose_page(services, (region, service), Kind(action), match, now))


@choosing.get("/change")
async def change(
    request: Request, services: ServicesDep, region: str, service: str, repository: RepositoryDep, kind: Action
) -> Response:
    """One change of a batch, on the policy as AWS holds it now."""
    planning = previews.preview(services, Kind(kind), (region, service, repository), seconds=patience(request))
    dialog = change_dialog(region, service, await preview_view(planning, repository))
    return await run_in_threadpool(render, request, dialog)


@router.get("/preview")
@router.get("/as-code")
def without_choice(
    request: Request,
    region: str = "",
    service: str = "",
    action: Action = Kind.GRANT,
    match: Match = "",
) -> Response:
    """Where the repositories are chosen: the address was opened without the choice that a form sends to it."""
    if not (region and service):
        return refuse(request, 405)
    return redirect(request, links.many(region, service, action=action, match=match))


@router.post("/preview")
async def preview(request: Request, services: ServicesDep, now: NowDep, form: FormDep) -> Response:
    """What the batch would do. Changes nothing; what cannot be comes back with the list."""
    ((region, service),) = form.services
    try:
        plan = await plan_batch(services, form)
    except Problem as refused:
        if region not in services.regions:
            raise
        why, chosen = refused, form.repositories
        page = await run_in_threadpool(
            lambda: choose_page(services, (region, service), form.action, form.match, now, chosen=chosen, refused=why)
        )
        return await run_in_threadpool(render, request, page, status=422)
    shown = await run_in_threadpool(preview_page, services, form, plan, now)
    return await run_in_threadpool(render, request, shown)


@router.post("")
async def start(
    request: Request,
    services: ServicesDep,
    who: PersonDep,
    now: NowDep,
    form: FormDep,
    seen: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Start what was previewed; what has changed since is shown again."""
    plan = await plan_batch(services, form)
    if plan.fingerprint != seen:
        shown = await run_in_threadpool(lambda: preview_page(services, form, plan, now, has_changed=True))
        return await run_in_threadpool(render, request, shown, status=409)
    items = [NewItem(item.region, item.service, item.repository) for item in startable(plan)]
    batch_id = await run_in_threadpool(services.batches.start, form.action, items, who)
    return redirect(request, links.batch(batch_id))


@router.get("/{batch_id}")
def batch(
    request: Request,
    services: ServicesDep,
    now: NowDep,
    batch_id: str,
    state: State = "",
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    seen: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> Response:
    """The batch's page, and for htmx its polled part: nothing at all while the reader has the newest picture."""
    if is_htmx(request) and seen and history.version_of(services.db, batch_id) == seen:
        return nothing_new()
    try:
        page = batch_page(services, batch_id, state, after, now)
    except Problem:
        return render(request, UnknownBatch(batch_id), status=404)
    return render(request, page)


@router.post("/{batch_id}/retry")
def retry(request: Request, services: ServicesDep, who: PersonDep, batch_id: str) -> Response:
    """Start a batch of what was not done."""
    return redirect(request, links.batch(services.batches.retry(batch_id, who)))


@router.get("/{batch_id}/cancel")
def ask_cancel(request: Request, services: ServicesDep, batch_id: str) -> Response:
    """The dialog that asks before the rest is cancelled."""
    batch = get_batch(services, batch_id)
    check_cancel(batch)
    return render(request, cancel_dialog(batch))


@router.post("/{batch_id}/cancel")
def cancel(request: Request, services: ServicesDep, who: PersonDep, batch_id: str) -> Response:
    """Cancel what has not begun."""
    cancel_batch(services, batch_id, who)
    return redirect(request, links.batch(batch_id))


@router.get("/{batch_id}/undo")
def ask_undo(request: Request, services: ServicesDep, batch_id: str) -> Response:
    """The dialog that asks before everything is taken back."""
    batch = get_batch(services, batch_id)
    check_undo(batch)
    return render(request, undo_dialog(batch))


@router.post("/{batch_id}/undo")
def undo(request: Request, services: ServicesDep, who: PersonDep, batch_id: str) -> Response:
    """Start a batch that takes everything back."""
    return redirect(request, links.batch(services.batches.undo(batch_id, who)))

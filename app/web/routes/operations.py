"""An operation: its page, its polled progress, and the actions retry, cancel, undo, restore."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Form, Query, Request
from starlette.responses import Response

from app.bootstrap import Services
from app.console import previews
from app.console.operation_actions import activated_role, is_role_active
from app.console.operation_versions import OperationVersions
from app.console.operations import cancel as cancel_operation
from app.console.operations import check_cancel, get_progress
from app.console.operations import restore as start_restore
from app.console.role_changes import plan_reactivation, start_reactivation
from app.history import queries
from app.http.deps import NowDep, PersonDep, ServicesDep
from app.http.htmx import is_htmx
from app.operations.read import find_progress
from app.operations.state import Kind
from app.threads import run_in_threadpool
from app.web import links
from app.web.deps import patience
from app.web.render import nothing_new, redirect, render
from app.web.responses import started
from app.web.routers import page_router
from app.web.views import dialogs
from app.web.views.operation import UnknownOperation, operation_details, operation_page, progress_view
from app.web.views.preview import preview_view
from app.web.views.role_changes import notice_for, planned_change, reactivate_dialog

router = page_router("/operations/{operation_id}")

PreviewedField = Annotated[str, Form(max_length=400)]


@router.get("")
def operation(request: Request, services: ServicesDep, now: NowDep, operation_id: str) -> Response:
    """Show the operation's page: also for a reader who comes back after closing the browser."""
    row = queries.get_operation(services.db, operation_id)
    if row is None:
        return render(request, UnknownOperation(operation_id), status=404)
    if row.kind == Kind.BATCH and row.batch_id:
        return redirect(request, links.batch(row.batch_id))
    return render(request, operation_page(services, row, now))


@router.get("/progress")
async def progress(
    request: Request,
    services: ServicesDep,
    now: NowDep,
    operation_id: str,
    seen: Annotated[int, Query()] = 0,
    place: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Show the polled partial; 204 while the reader has the newest version."""
    versions: OperationVersions = request.app.state.operation_versions
    if await versions.of(operation_id) == seen:
        return nothing_new(versions.poll_after)
    return await run_in_threadpool(_progress, request, services, now, operation_id, place)


def _progress(request: Request, services: Services, now: datetime, operation_id: str, place: str) -> Response:
    shown = find_progress(services.db, operation_id)
    if shown is None:
        return render(request, UnknownOperation(operation_id), status=404)
    if not is_htmx(request):
        return redirect(request, links.operation(operation_id))
    return render(request, progress_view(services, shown, now, in_dialog=place == "dialog"))


@router.get("/details")
def details(request: Request, services: ServicesDep, operation_id: str) -> Response:
    """Show what happened, for the operation's line in the history."""
    row = queries.get_operation(services.db, operation_id)
    if row is None:
        return render(request, UnknownOperation(operation_id), status=404)
    if not is_htmx(request):
        return redirect(request, links.operation(operation_id))
    return render(request, operation_details(services, row))


@router.post("/retry")
def retry(request: Request, services: ServicesDep, who: PersonDep, operation_id: str) -> Response:
    """Start a retry of what it did not do."""
    return started(request, services, services.starter.retry(operation_id, who))


@router.get("/cancel")
def ask_cancel(request: Request, services: ServicesDep, operation_id: str) -> Response:
    """Show the dialog before an operation is stopped."""
    progress = get_progress(services, operation_id)
    check_cancel(progress)
    return render(request, dialogs.cancel_dialog(progress))


@router.post("/cancel")
def cancel(request: Request, services: ServicesDep, who: PersonDep, operation_id: str) -> Response:
    """Request a stop at its next safe point."""
    cancel_operation(services, operation_id, who)
    return started(request, services, operation_id)


@router.get("/undo")
async def ask_undo(request: Request, services: ServicesDep, now: NowDep, operation_id: str) -> Response:
    """Show the dialog with what would be taken back, merged with what others changed since."""
    progress = await run_in_threadpool(get_progress, services, operation_id)
    if progress.kind is Kind.DEACTIVATE:
        plan = await plan_reactivation(services, operation_id, seconds=patience(request))
        return await run_in_threadpool(render, request, reactivate_dialog(progress, plan, now))
    await run_in_threadpool(services.starter.change_to_undo, operation_id)
    planning = previews.preview_undo(services, Kind.UNDO, operation_id, seconds=patience(request))
    preview = await preview_view(planning, progress.repository)
    keeps_role = activated_role(progress) and await run_in_threadpool(is_role_active, services, progress)
    dialog = dialogs.undo_dialog(progress, preview=preview, keeps_role=keeps_role)
    return await run_in_threadpool(render, request, dialog)


@router.get("/undo/change")
async def change_of_undo(
    request: Request,
    services: ServicesDep,
    operation_id: str,
    repository: Annotated[str, Query(max_length=1000)],
) -> Response:
    """Show what undoing a deactivation would put back in one repository."""
    plan = await plan_reactivation(services, operation_id, only=repository, seconds=patience(request))
    back = links.operation(operation_id, "undo")
    return await run_in_threadpool(lambda: render(request, planned_change(plan, repository, back)))


@router.post("/undo")
async def undo(
    request: Request,
    services: ServicesDep,
    who: PersonDep,
    now: NowDep,
    operation_id: str,
    previewed: PreviewedField = "",
) -> Response:
    """Take back what it changed, and only that; of a deactivation as previewed, or what has changed is shown again."""
    progress = await run_in_threadpool(get_progress, services, operation_id)
    if progress.kind is not Kind.DEACTIVATE:
        seen = previewed.partition(" ")[2] if previewed else None
        return await run_in_threadpool(
            lambda: started(request, services, services.starter.undo(operation_id, who, previewed=seen))
        )
    plan = await plan_reactivation(services, operation_id)
    if plan.fingerprint != previewed:
        dialog = reactivate_dialog(progress, plan, now, notice=notice_for(previewed))
        return await run_in_threadpool(render, request, dialog, status=422)
    return await run_in_threadpool(
        lambda: started(request, services, start_reactivation(services, operation_id, who, plan))
    )


@router.get("/restore")
async def ask_restore(request: Request, services: ServicesDep, operation_id: str) -> Response:
    """Show the dialog with the policy from before the operation against the current one."""
    progress = await run_in_threadpool(get_progress, services, operation_id)
    change = await run_in_threadpool(services.starter.change_to_undo, operation_id)
    planning = previews.preview_undo(services, Kind.RESTORE, operation_id, seconds=patience(request))
    preview = await preview_view(planning, change.repository)
    dialog = dialogs.restore_dialog(progress, change.repository, preview=preview)
    return await run_in_threadpool(render, request, dialog)


@router.post("/restore")
def restore(
    request: Request, services: ServicesDep, who: PersonDep, operation_id: str, previewed: PreviewedField = ""
) -> Response:
    """Restore the whole policy from before the operation."""
    seen = previewed.partition(" ")[2] if previewed else None
    return started(request, services, start_restore(services, operation_id, who, seen))

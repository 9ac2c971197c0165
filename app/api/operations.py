"""Operations: list, details, and the actions retry, cancel, undo, restore."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Literal

from fastapi import Depends, Query, Response
from pydantic import AfterValidator, BeforeValidator

from app.api.deps import OperationId, accepted
from app.api.long_poll import LONGEST_WAIT, until_changed
from app.api.responses import AWS, refusals, started
from app.api.routers import api_router
from app.api.schemas.operations import AsPreviewed, Operation, OperationDetail, OperationList, RestoreRequest
from app.api.schemas.previews import Preview, UndoPreviewRequest
from app.api.schemas.role_changes import RoleChangePreview
from app.api.schemas.texts import TEXT
from app.bootstrap import Services
from app.console import previews
from app.console.operation_actions import role_left_on
from app.console.operations import cancel as cancel_operation
from app.console.operations import get_progress
from app.console.operations import restore as start_restore
from app.console.role_changes import check_unchanged, plan_reactivation, start_reactivation
from app.console.timeouts import PROGRAM_PATIENCE
from app.errors import Problem
from app.history import queries, search
from app.history.queries import find_version
from app.history.search import HistoryFilter, OperationCursor
from app.http.deps import PersonDep, ServicesDep
from app.operations.read import progress_of
from app.operations.state import Kind, Outcome
from app.threads import run_in_threadpool

router = api_router("Operations", "/operations")


def _in_utc(moment: datetime) -> datetime:
    """Return the time in UTC; one without a zone is taken as UTC."""
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError("it is before or after all time") from error


def _written_out(value: object) -> object:
    """Refuse a number, which would be taken as seconds since 1970, or as milliseconds if it is large."""
    try:
        float(str(value))
    except ValueError:
        return value
    raise ValueError("it is a number; write a time such as 2026-11-28T09:00:00Z")


Moment = Annotated[datetime, BeforeValidator(_written_out), AfterValidator(_in_utc)]
Part = Annotated[str, Query(max_length=256, pattern=TEXT)]


async def criteria_of(
    services: ServicesDep,
    region: Annotated[Part, Query(description="A Region, whole; also one that is no longer configured.")] = "",
    service: Annotated[Part, Query(description="A part of the name.")] = "",
    repository: Annotated[Part, Query(description="A part of the name.")] = "",
    kind: Annotated[Kind | None, Query(description="What it is for; left out: any.")] = None,
    outcome: Annotated[Outcome | Literal["running"] | None, Query(description="`running`: those that live.")] = None,
    person: Annotated[Part, Query(description="A part of the name of whoever asked.")] = "",
    since: Annotated[Moment | None, Query(description="Included; without a zone it is UTC.")] = None,
    until: Annotated[Moment | None, Query(description="Left out; without a zone it is UTC.")] = None,
) -> HistoryFilter:
    """Return the filter of the list."""
    return HistoryFilter(
        connection=services.connection,
        region=region,
        service=service,
        repository=repository,
        kind=kind or "",
        outcome=outcome or "",
        person=person,
        since=since,
        until=until,
    )


@router.get("", summary="All operations, newest first")
def list_operations(
    services: ServicesDep,
    criteria: Annotated[HistoryFilter, Depends(criteria_of)],
    cursor: Annotated[str, Query(max_length=100, pattern=r"^[0-9A-Za-z:.~+-]*$", description="`next` of a page.")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> OperationList:
    """Filtered, page by page. `GET /history/export.json` returns the whole history with every policy."""
    position = OperationCursor.from_text(cursor) if cursor else None
    if cursor and position is None:
        raise Problem("request.bad_cursor")
    page = search.list_operations(services.db, criteria, older_than=position, limit=limit)
    return OperationList(
        operations=[Operation.of(progress_of(row)) for row in page.operations],
        next=page.older.to_text() if page.older else None,
    )


@router.get("/{operation_id}", summary="State of an operation", responses=refusals(404))
async def get_operation(
    services: ServicesDep,
    operation_id: OperationId,
    seen: Annotated[int, Query(ge=0, le=2**31, description="The `version` that you have.")] = 0,
    wait: Annotated[
        float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for another version than `seen`.")
    ] = 0,
) -> OperationDetail:
    """At once, or with `seen` and `wait` as soon as it changes: ask again and again until `outcome` is set."""
    await until_changed(lambda: find_version(services.db, operation_id), seen, wait)
    return await run_in_threadpool(_detail, services, operation_id)


@router.post("/{operation_id}/retry", status_code=202, summary="Try again", responses=started(404, 409))
def retry(services: ServicesDep, who: PersonDep, operation_id: OperationId, response: Response) -> Operation:
    """Starts a new operation that does what the ended one did not do."""
    return accepted(services, response, services.starter.retry(operation_id, who))


@router.post("/{operation_id}/cancel", status_code=202, summary="Cancel", responses=started(404, 409))
def cancel(services: ServicesDep, who: PersonDep, operation_id: OperationId, response: Response) -> Operation:
    """Requests a stop at its next safe point."""
    cancel_operation(services, operation_id, who)
    return accepted(services, response, operation_id)


@router.post("/{operation_id}/preview", summary="Preview undoing an operation", responses=refusals(*AWS, 409))
async def preview_undo(
    services: ServicesDep, operation_id: OperationId, body: UndoPreviewRequest
) -> Preview | RoleChangePreview:
    """What an undo or a restore would change in the current policy in AWS. Changes nothing.

    Of a deactivation the undo activates the role again and puts back what was removed from each repository.
    """
    kind = Kind(body.kind)
    if kind is Kind.UNDO and await _is_deactivation(services, operation_id):
        plan = await plan_reactivation(services, operation_id, seconds=PROGRAM_PATIENCE)
        return await run_in_threadpool(RoleChangePreview.of, plan)
    planned = await previews.preview_undo(services, kind, operation_id, seconds=PROGRAM_PATIENCE)
    return await run_in_threadpool(Preview.of, planned, kind=kind)


@router.post("/{operation_id}/undo", status_code=202, summary="Undo", responses=started(404, 409))
async def undo(
    services: ServicesDep,
    who: PersonDep,
    operation_id: OperationId,
    response: Response,
    body: AsPreviewed | None = None,
) -> Operation:
    """Takes back its change, and keeps what others changed since."""
    seen = body.previewed if body else None
    if seen is not None and await _is_deactivation(services, operation_id):
        plan = await plan_reactivation(services, operation_id, seconds=PROGRAM_PATIENCE)
        check_unchanged(plan, seen)
        start = partial(start_reactivation, services, operation_id, who, plan)
    else:
        start = partial(services.starter.undo, operation_id, who, previewed=seen)
    return await run_in_threadpool(lambda: accepted(services, response, start()))


@router.post("/{operation_id}/restore", status_code=202, summary="Restore the policy", responses=started(404, 409))
def restore(
    services: ServicesDep,
    who: PersonDep,
    operation_id: OperationId,
    response: Response,
    body: RestoreRequest,
) -> Operation:
    """Restores the whole policy from before the operation: this also removes what others changed since."""
    return accepted(services, response, start_restore(services, operation_id, who, body.previewed))


async def _is_deactivation(services: Services, operation_id: str) -> bool:
    progress = await run_in_threadpool(get_progress, services, operation_id)
    return progress.kind is Kind.DEACTIVATE


def _detail(services: Services, operation_id: str) -> OperationDetail:
    row = queries.get_operation(services.db, operation_id)
    if row is None:
        raise Problem("operation.not_found")
    progress = progress_of(row)
    return OperationDetail.of(
        progress,
        changes=row.changes,
        follows=row.follows,
        followed_by=queries.followers(services.db, operation_id),
        role_left_on=role_left_on(services, progress),
    )

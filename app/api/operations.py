"""Operations: the list of all, how one stands, and what may be done about it: retry, cancel, undo, restore."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated, Literal

import anyio
from fastapi import APIRouter, Depends, Query, Response
from pydantic import AfterValidator

from app.api.deps import OperationId, accepted
from app.api.responses import AWS, refusals, started
from app.api.schemas.operations import AsPreviewed, Operation, OperationDetail, OperationList, RestoreRequest
from app.api.schemas.previews import Preview, UndoPreviewRequest
from app.api.schemas.texts import TEXT
from app.bootstrap import Services
from app.console import previews
from app.console.operations import get_progress
from app.console.operations import restore as start_restore
from app.errors import Problem
from app.history import queries, search
from app.history.queries import find_version
from app.history.search import Cursor, HistoryFilter
from app.http.deps import PersonDep, ServicesDep
from app.http.routing import ThreadedRoute
from app.operations.read import progress_of
from app.operations.state import Kind, Outcome
from app.threads import run_in_threadpool

router = APIRouter(prefix="/operations", tags=["Operations"], route_class=ThreadedRoute)

# A server that stops waits a few seconds for its requests: a longer wait would be cut off.
LONGEST_WAIT = 4.0
FIRST_LOOK, LAST_LOOK = 0.05, 0.4


def _in_utc(moment: datetime) -> datetime:
    """The time in UTC, which it is taken for where it has no zone."""
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError("it is before or after all time") from error


Moment = Annotated[datetime, AfterValidator(_in_utc)]
Part = Annotated[str, Query(max_length=256, pattern=TEXT)]


async def wanted(
    services: ServicesDep,
    region: Part = "",
    service: Annotated[Part, Query(description="A part of the name.")] = "",
    repository: Annotated[Part, Query(description="A part of the name.")] = "",
    kind: Kind | None = None,
    outcome: Annotated[Outcome | Literal["running"] | None, Query(description="`running`: those that live.")] = None,
    person: Annotated[Part, Query(description="A part of the name of whoever asked.")] = "",
    since: Annotated[Moment | None, Query(description="Included; without a zone it is UTC.")] = None,
    until: Annotated[Moment | None, Query(description="Left out; without a zone it is UTC.")] = None,
) -> HistoryFilter:
    """Which operations are asked for."""
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
    asked: Annotated[HistoryFilter, Depends(wanted)],
    cursor: Annotated[str, Query(max_length=100, pattern=r"^[0-9A-Za-z:.~+-]*$", description="`next` of a page.")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> OperationList:
    """Filtered, page by page. The whole history with every policy is `GET /history/export.json`."""
    position = Cursor.from_text(cursor) if cursor else None
    if cursor and position is None:
        raise Problem("request.bad_cursor")
    page = search.list_operations(services.db, asked, older_than=position, limit=limit)
    return OperationList(
        operations=[Operation.of(progress_of(row)) for row in page.operations],
        next=page.older.to_text() if page.older else None,
    )


@router.get("/{operation_id}", summary="How an operation stands", responses=refusals(404))
async def get_operation(
    services: ServicesDep,
    operation_id: OperationId,
    seen: Annotated[int, Query(ge=0, le=2**31, description="The `version` that you have.")] = 0,
    wait: Annotated[
        float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for another version than `seen`.")
    ] = 0,
) -> OperationDetail:
    """At once, or with `seen` and `wait` as soon as it changes: ask again and again until `outcome` is set."""
    await _changed(services, operation_id, seen, wait)
    return await run_in_threadpool(_detail, services, operation_id)


@router.post("/{operation_id}/retry", status_code=202, summary="Try again", responses=started(404, 409))
def retry(services: ServicesDep, who: PersonDep, operation_id: OperationId, response: Response) -> Operation:
    """A new operation that does what the ended one did not do."""
    return accepted(services, response, services.starter.retry(operation_id, who))


@router.post("/{operation_id}/cancel", status_code=202, summary="Cancel", responses=started(404))
def cancel(services: ServicesDep, who: PersonDep, operation_id: OperationId, response: Response) -> Operation:
    """Asks it to stop at its next safe point; one that has ended stays as it is."""
    get_progress(services, operation_id)
    services.starter.cancel(operation_id, who)
    return accepted(services, response, operation_id)


@router.post("/{operation_id}/preview", summary="See what undoing it would do", responses=refusals(*AWS, 409))
async def preview_undo(services: ServicesDep, operation_id: OperationId, body: UndoPreviewRequest) -> Preview:
    """What an undo or a restore would do to the policy as AWS holds it now. Changes nothing."""
    kind = Kind(body.kind)
    planned = await previews.preview_undo(services, kind, operation_id)
    return await run_in_threadpool(Preview.of, kind, planned)


@router.post("/{operation_id}/undo", status_code=202, summary="Undo", responses=started(404, 409))
def undo(
    services: ServicesDep,
    who: PersonDep,
    operation_id: OperationId,
    response: Response,
    body: AsPreviewed | None = None,
) -> Operation:
    """Takes back what it changed, and nothing of what others changed since."""
    seen = body.previewed if body else None
    return accepted(services, response, services.starter.undo(operation_id, who, previewed=seen))


@router.post("/{operation_id}/restore", status_code=202, summary="Restore the policy", responses=started(404, 409))
def restore(
    services: ServicesDep,
    who: PersonDep,
    operation_id: OperationId,
    response: Response,
    body: RestoreRequest,
) -> Operation:
    """Puts the policy back as it was before the operation, whole: what others changed since goes too."""
    return accepted(services, response, start_restore(services, operation_id, who, body.previewed))


async def _changed(services: Services, operation_id: str, seen: int, wait: float) -> None:
    """Return once the operation is at another version than `seen`, or after `wait` seconds."""
    end, pause = time.monotonic() + wait, FIRST_LOOK
    while wait and await run_in_threadpool(find_version, services.db, operation_id) == seen:
        left = end - time.monotonic()
        if left <= 0:
            return
        await anyio.sleep(min(pause, left))
        pause = min(LAST_LOOK, 1.5 * pause)


def _detail(services: Services, operation_id: str) -> OperationDetail:
    row = queries.get_operation(services.db, operation_id)
    if row is None:
        raise Problem("operation.not_found")
    return OperationDetail.read(row, queries.followers(services.db, operation_id))

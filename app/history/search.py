"""The list of all operations, newest first: filtered, page by page, or whole in batches. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select, tuple_
from sqlalchemy.orm import Session, selectinload

from app.db import Database
from app.history import kinds
from app.history.models import Operation

RUNNING = "running"
"""The filter value for operations without an outcome yet."""

PAGE = 50
BATCH = 500


@dataclass(frozen=True)
class HistoryFilter:
    """Which operations; "" or None for any.

    `service`, `repository` and `person` are parts of names, in any case; `of_service` and `of_repository` are whole names.
    `since` is included, `until` is not. `outcome` may be `RUNNING`. `folds_batches`: a batch is one row, by the operation
    of its id, without its items; a search by repository or kind finds the items all the same.
    """

    connection: str = "default"
    region: str = ""
    of_service: str = ""
    of_repository: str = ""
    service: str = ""
    repository: str = ""
    kind: str = ""
    outcome: str = ""
    person: str = ""
    since: datetime | None = None
    until: datetime | None = None
    folds_batches: bool = False


@dataclass(frozen=True)
class OperationCursor:
    """A position in the list, between two operations, that stays valid when others are added."""

    asked_at: datetime
    id: str

    def to_text(self) -> str:
        """Return it as URL text; `from_text` is the inverse."""
        moment = self.asked_at.astimezone(UTC).isoformat().replace("+00:00", "Z")  # URLs decode a plus as a space
        return f"{moment}~{self.id}"

    @classmethod
    def from_text(cls, text: str) -> OperationCursor | None:
        """Return the cursor that `to_text` wrote; None for anything else."""
        moment, _, operation_id = text.partition("~")
        try:
            asked_at = datetime.fromisoformat(moment)
            in_utc = asked_at.astimezone(UTC)
        except (ValueError, OverflowError):
            return None
        return cls(in_utc, operation_id) if asked_at.tzinfo and operation_id else None


@dataclass(frozen=True)
class HistoryPage:
    """Some operations, newest first; their steps and changes are loaded if that was asked for.

    `older` and `newer` are the cursors of the next and the previous page (`older_than`, `newer_than`), or None.
    """

    operations: tuple[Operation, ...]
    older: OperationCursor | None = None
    newer: OperationCursor | None = None


def list_operations(
    db: Database,
    criteria: HistoryFilter,
    *,
    older_than: OperationCursor | None = None,
    newer_than: OperationCursor | None = None,
    limit: int = PAGE,
    whole: bool = True,
) -> HistoryPage:
    """Return one page: the newest, or those next to a cursor; unless `whole`, without steps and changes."""
    with db.read() as session:
        if newer_than is not None:
            operations = _next(session, criteria, _is_newer(newer_than), limit + 1, newest_first=False, whole=whole)
            page, beyond = operations[:limit][::-1], len(operations) > limit
            return _page(page, older=True, newer=beyond)
        operations = _next(session, criteria, _is_older(older_than), limit + 1, whole=whole)
        page, beyond = operations[:limit], len(operations) > limit
        newer = older_than is not None and bool(page) and _any(session, criteria, _is_newer(_cursor_of(page[0])))
        return _page(page, older=beyond, newer=newer)


def each_operation(db: Database, criteria: HistoryFilter, *, batch: int = BATCH) -> Iterator[Operation]:
    """Yield all of them, newest first, one batch in memory at a time, without a transaction open in between."""
    position: OperationCursor | None = None
    while True:
        with db.read() as session:
            operations = _next(session, criteria, _is_older(position), batch)
        yield from operations
        if len(operations) < batch:
            return
        position = _cursor_of(operations[-1])


def _next(
    session: Session,
    criteria: HistoryFilter,
    where: ColumnElement[bool] | None,
    limit: int,
    *,
    newest_first: bool = True,
    whole: bool = True,
) -> Sequence[Operation]:
    key = (Operation.asked_at, Operation.id)
    order = [column.desc() if newest_first else column for column in key]
    statement: Select[Any] = (
        select(Operation)
        .where(*_conditions(criteria))
        .options(*(selectinload(part) for part in (Operation.steps, Operation.changes) if whole))
        .order_by(*order)
        .limit(limit)
    )
    return session.scalars(statement if where is None else statement.where(where)).all()


def _any(session: Session, criteria: HistoryFilter, where: ColumnElement[bool]) -> bool:
    return session.scalar(select(Operation.id).where(*_conditions(criteria), where).limit(1)) is not None


def _page(operations: Sequence[Operation], *, older: bool, newer: bool) -> HistoryPage:
    if not operations:
        return HistoryPage(())
    return HistoryPage(
        tuple(operations),
        _cursor_of(operations[-1]) if older else None,
        _cursor_of(operations[0]) if newer else None,
    )


def _cursor_of(operation: Operation) -> OperationCursor:
    return OperationCursor(operation.asked_at, operation.id)


def _is_older(cursor: OperationCursor | None) -> ColumnElement[bool] | None:
    return None if cursor is None else tuple_(Operation.asked_at, Operation.id) < (cursor.asked_at, cursor.id)


def _is_newer(cursor: OperationCursor) -> ColumnElement[bool]:
    return tuple_(Operation.asked_at, Operation.id) > (cursor.asked_at, cursor.id)


def _conditions(criteria: HistoryFilter) -> Iterator[ColumnElement[bool]]:
    row = Operation
    yield row.connection == criteria.connection
    exact = {
        row.region: criteria.region,
        row.service: criteria.of_service,
        row.repository: criteria.of_repository,
        row.kind: criteria.kind,
    }
    yield from (column == value for column, value in exact.items() if value)
    # AWS's names have no capitals, and a search without a change of case takes a third of the time.
    names = {row.service: criteria.service.lower(), row.repository: criteria.repository.lower()}
    yield from (column.contains(value, autoescape=True) for column, value in names.items() if value)
    if criteria.person:
        yield row.asked_by.icontains(criteria.person, autoescape=True)
    if criteria.outcome:
        yield row.outcome.is_(None) if criteria.outcome == RUNNING else row.outcome == criteria.outcome
    if criteria.since is not None:
        yield row.asked_at >= criteria.since
    if criteria.until is not None:
        yield row.asked_at < criteria.until
    if criteria.folds_batches and not (criteria.repository or criteria.of_repository or criteria.kind):
        # Of a batch for several services, each service's history has the part that concerns it.
        one_row = row.kind == kinds.BATCH if criteria.of_service or criteria.service else row.id == row.batch_id
        yield or_(row.batch_id.is_(None), one_row)

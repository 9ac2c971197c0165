"""The most used statements of operations, built once: building one costs several times as much as running it.

Each changes a live operation or the newest run of a step, or nothing. Values are passed by name.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Delete,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.dml import ReturningInsert

from app.db import table_of
from app.history import kinds
from app.history.models import Operation, PolicyChange, Step

OPERATIONS = table_of(Operation)
STEPS = table_of(Step)
CHANGES = table_of(PolicyChange)

NEW_OPERATION: Insert = insert(OPERATIONS)
NEW_STEP: Insert = insert(STEPS)


def without_index(column: ColumnElement[Any] | InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """Return the column as an expression: by itself, SQLite would choose an index that holds what has ended, too."""
    return func.coalesce(column, column)


def new_value(table: Table, column: str) -> Any:
    """Return a parameter for a value: in an UPDATE its name must differ from the column's own."""
    return bindparam(f"new_{column}", type_=table.c[column].type)


def named(values: dict[str, Any]) -> dict[str, Any]:
    """Return values for the statements here that set them."""
    return {f"new_{column}": value for column, value in values.items()}


@cache
def touching(*columns: str) -> Update:
    """Return an update of these columns of a live operation (`of`) that increases its version."""
    living = (OPERATIONS.c.id == bindparam("of"), OPERATIONS.c.outcome.is_(None))
    values = {column: new_value(OPERATIONS, column) for column in columns}
    return update(OPERATIONS).where(*living).values(version=OPERATIONS.c.version + 1, **values)


def _live(*conditions: ColumnElement[bool]) -> Select[Any]:
    columns = (OPERATIONS.c.id, OPERATIONS.c.kind, OPERATIONS.c.service, OPERATIONS.c.repository, OPERATIONS.c.subject)
    in_region = (OPERATIONS.c.connection == bindparam("at_connection"), OPERATIONS.c.region == bindparam("at_region"))
    more = (OPERATIONS.c.cancel_requested_by, OPERATIONS.c.input, OPERATIONS.c.sequence, OPERATIONS.c.batch_id)
    # What follows an operation that lives is a part of it; what follows one that has ended retries or undoes it.
    parent = OPERATIONS.alias("parent")
    part_of = select(parent.c.id).where(parent.c.id == OPERATIONS.c.follows, parent.c.outcome.is_(None))
    return select(*columns, *more, part_of.scalar_subquery().label("part_of")).where(
        *in_region, OPERATIONS.c.outcome.is_(None), *conditions
    )


_OF_THE_SERVICE = (OPERATIONS.c.repository == "", OPERATIONS.c.service == bindparam("at_service"))
LIVE_ON_SERVICE: Select[Any] = _live(*_OF_THE_SERVICE)
"""The operations on a service's role that have not ended."""
LIVE_DEPLOYMENTS: Select[Any] = _live(
    OPERATIONS.c.service == bindparam("at_service"), OPERATIONS.c.kind == kinds.DEPLOY
)
"""The deployments to a service that have not ended."""
LIVE_ON_REPOSITORY: CompoundSelect[Any] = _live(OPERATIONS.c.repository == bindparam("at_repository")).union_all(
    _live(*_OF_THE_SERVICE, OPERATIONS.c.kind == "deactivate")
)
"""The live operations on a repository, and those that deactivate the service's role."""

NEXT_SEQUENCE: Select[int] = select(func.coalesce(func.max(OPERATIONS.c.sequence), 0) + 1)

SUPERSEDE: Update = (
    update(OPERATIONS)
    .where(
        OPERATIONS.c.connection == bindparam("at_connection"),
        OPERATIONS.c.region == bindparam("at_region"),
        OPERATIONS.c.repository == bindparam("at_repository"),
        OPERATIONS.c.service == bindparam("at_service"),
        OPERATIONS.c.outcome.is_(None),
        OPERATIONS.c.started_at.is_(None),
        (OPERATIONS.c.kind == kinds.DEPLOY) == bindparam("is_deploy"),
        OPERATIONS.c.kind != kinds.BATCH,
        OPERATIONS.c.sequence < bindparam("before_sequence"),
    )
    .values(
        version=OPERATIONS.c.version + 1,
        outcome="cancelled",
        problem=new_value(OPERATIONS, "problem"),
        ended_at=new_value(OPERATIONS, "ended_at"),
    )
    .returning(OPERATIONS.c.id)
)
"""End the operations on the same subject that were requested earlier and have not begun: a later one has."""

BEGIN_OPERATION: Update = (
    update(OPERATIONS)
    .where(OPERATIONS.c.id == bindparam("of"), OPERATIONS.c.outcome.is_(None))
    .values(
        version=OPERATIONS.c.version + 1,
        started_at=func.coalesce(OPERATIONS.c.started_at, new_value(OPERATIONS, "started_at")),
    )
    .returning(*OPERATIONS.c)
)
"""Touch a live operation (`of`) at the start of a step; returns the whole row."""

BEGIN_STEP: Update = (
    update(STEPS)
    .where(STEPS.c.operation_id == bindparam("of"), STEPS.c.name == bindparam("step"))
    .values(
        state="running",
        started_at=func.coalesce(STEPS.c.started_at, new_value(STEPS, "started_at")),
        ended_at=None,
        attempts=STEPS.c.attempts + 1,
    )
    .returning(STEPS.c.attempts, STEPS.c.request_ids)
)

_NEWEST_RUN = (
    STEPS.c.operation_id == bindparam("of"),
    STEPS.c.name == bindparam("step"),
    STEPS.c.state == "running",
    STEPS.c.attempts == bindparam("attempt"),
)
NEWEST_RUN: Select[tuple[int]] = select(STEPS.c.attempts).where(*_NEWEST_RUN).with_for_update()
"""A row as long as this run of a step (`of`, `step`, `attempt`) is the newest and has not ended."""


@cache
def at_running_step(*columns: str) -> Update:
    """Return an update of these columns of a step, if this run of it is the newest and has not ended."""
    return update(STEPS).where(*_NEWEST_RUN).values({column: new_value(STEPS, column) for column in columns})


SKIP_STEP: Update = (
    update(STEPS)
    .where(STEPS.c.operation_id == bindparam("of"), STEPS.c.name == bindparam("step"), STEPS.c.state == "pending")
    .values(state="skipped", **{column: new_value(STEPS, column) for column in ("note", "started_at", "ended_at")})
)
"""Close a step that has not begun: it is not needed."""

SETTLE_STEPS: Update = (
    update(STEPS)
    .where(
        STEPS.c.operation_id.in_(bindparam("ids", expanding=True)),
        STEPS.c.state.in_(bindparam("open_states", expanding=True)),
    )
    .values(state=new_value(STEPS, "state"), ended_at=func.coalesce(STEPS.c.ended_at, new_value(STEPS, "ended_at")))
)
"""Close the steps of operations that are in one of these states."""

_PLANNED_WRITE = (
    CHANGES.c.operation_id == bindparam("of"),
    CHANGES.c.position == bindparam("at_position"),
    CHANGES.c.written_at.is_(None),
)
DROP_WRITE: Delete = delete(CHANGES).where(*_PLANNED_WRITE)
"""Delete a planned write."""

ADOPT_OPEN_WRITES: Update = (
    update(CHANGES)
    .where(
        CHANGES.c.operation_id == bindparam("of"),
        CHANGES.c.repository == bindparam("at_repository"),
        CHANGES.c.written_at.is_(None),
    )
    .values(unanswered_at=func.coalesce(CHANGES.c.unanswered_at, CHANGES.c.planned_at))
)
"""Record that the answers to all open planned writes of a repository were lost."""

_PLANNED = ("connection", "region", "repository", "before", "after", "planned_at")
PLAN_WRITE: ReturningInsert[int] = (
    insert(CHANGES)
    .from_select(
        ["operation_id", "position", *_PLANNED, "request_id"],
        select(
            bindparam("of", type_=CHANGES.c.operation_id.type),
            func.coalesce(func.max(CHANGES.c.position) + 1, 0),
            *(new_value(CHANGES, column) for column in _PLANNED),
            literal(""),
        ).where(CHANGES.c.operation_id == bindparam("of")),
    )
    .returning(CHANGES.c.position)
)
"""Record a write that is about to be sent, after those of the same operation; returns its position."""

BY_US: ColumnElement[bool] = ~exists().where(
    OPERATIONS.c.id == CHANGES.c.operation_id, OPERATIONS.c.kind.in_(kinds.SEEN)
)
"""The policy change is a write of ours, not one that a reading showed."""

LAST_WRITES: Select[str | None, str | None, bool] = (
    select(CHANGES.c.before, CHANGES.c.after, CHANGES.c.written_at.is_not(None))
    .where(
        CHANGES.c.connection == bindparam("at_connection"),
        CHANGES.c.region == bindparam("at_region"),
        CHANGES.c.repository == bindparam("at_name"),
        CHANGES.c.planned_at >= bindparam("since"),
        BY_US,
    )
    .order_by(CHANGES.c.planned_at.desc(), CHANGES.c.operation_id.desc())
    .limit(bindparam("count"))
)
"""The texts before and after the last writes of a repository's policy, and whether AWS confirmed them."""

CLOSE_WRITE: Update = (
    update(CHANGES)
    .where(*_PLANNED_WRITE)
    .values(
        written_at=new_value(CHANGES, "written_at"),
        request_id=new_value(CHANGES, "request_id"),
        before=func.coalesce(new_value(CHANGES, "before"), CHANGES.c.before),
    )
)
"""AWS confirmed a planned write; if it returned the replaced text, that becomes the text before."""

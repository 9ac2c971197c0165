"""Writes what happens to an operation, as it happens. Each function is one short transaction.

Changes are single conditional updates that say by their answer whether they took effect: a run that was overtaken by
another (after a crash, or while it was stalled) can repeat any of them and writes nothing twice. Must never read,
decide and then save.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db import Database
from app.history.models import Operation, PolicyChange, Step


@dataclass(frozen=True)
class NewOperation:
    """What is asked for. `subject` is what it is about: the same while one lives finds that one."""

    id: str
    kind: str
    connection: str
    region: str
    service: str
    repository: str
    subject: str
    asked_by: str
    steps: Sequence[str]
    input: dict[str, Any] = field(default_factory=dict)
    follows: str | None = None


def insert_or_find(db: Database, new: NewOperation, at: datetime) -> tuple[str, bool]:
    """Record a new operation, or find the living one about the same subject: its id, and whether it is new."""
    while True:
        try:
            with db.write() as session:
                session.add(_row(new, at))
        except IntegrityError:
            with db.read() as session:
                found = session.scalar(
                    select(Operation.id).where(Operation.subject == new.subject, Operation.outcome.is_(None))
                )
            if found is not None:
                return found, False
            # It ended between the two statements: ours is free to begin.
        else:
            return new.id, True


def _row(new: NewOperation, at: datetime) -> Operation:
    return Operation(
        id=new.id,
        kind=new.kind,
        connection=new.connection,
        region=new.region,
        service=new.service,
        repository=new.repository,
        subject=new.subject,
        input=new.input,
        asked_by=new.asked_by,
        asked_at=at,
        follows=new.follows,
        steps=[Step(position=i, name=name, state="pending", request_ids=[]) for i, name in enumerate(new.steps)],
    )


def step_started(db: Database, operation_id: str, name: str, at: datetime) -> bool:
    """Begin a step, or begin it again. False: the operation has ended; do nothing more for it.

    The first step's beginning is also the operation's.
    """
    with db.write() as session:
        alive = _touch(session, operation_id, started_at=func.coalesce(Operation.started_at, at))
        if alive:
            session.execute(
                update(Step)
                .where(Step.operation_id == operation_id, Step.name == name)
                .values(
                    state="running",
                    started_at=func.coalesce(Step.started_at, at),
                    ended_at=None,
                    attempts=Step.attempts + 1,
                )
            )
        return alive


def step_noted(db: Database, operation_id: str, name: str, note: dict[str, Any]) -> bool:
    """Leave a remark at a running step. False: it is not running (any more)."""
    with db.write() as session:
        noted = _count(
            session.execute(
                update(Step)
                .where(Step.operation_id == operation_id, Step.name == name, Step.state == "running")
                .values(note=note)
            )
        )
        return bool(noted) and _touch(session, operation_id)


@dataclass(frozen=True)
class StepEnd:
    """How a step ended."""

    state: str
    note: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None
    request_ids: tuple[str, ...] = ()


def step_ended(db: Database, operation_id: str, name: str, end: StepEnd, at: datetime) -> bool:
    """End a running step. False: another run ended it, or the operation."""
    with db.write() as session:
        step = session.scalar(
            select(Step).where(Step.operation_id == operation_id, Step.name == name, Step.state == "running")
        )
        if step is None:
            return False
        step.state, step.note, step.problem, step.ended_at = end.state, end.note, end.problem, at
        step.request_ids = [*step.request_ids, *(new for new in end.request_ids if new not in step.request_ids)]
        return _touch(session, operation_id)


def learned(db: Database, operation_id: str, *, principal_arn: str = "", image_uri: str = "") -> None:
    """Keep what the operation found out on its way; "" leaves a value as it is."""
    values = {"principal_arn": principal_arn, "image_uri": image_uri}
    with db.write() as session:
        _touch(session, operation_id, **{name: value for name, value in values.items() if value})


def input_noted(db: Database, operation_id: str, **values: Any) -> None:
    """Add to what the workflow needs, so that a run after a crash knows what this one was about to do."""
    with db.write() as session:
        operation = session.get(Operation, operation_id)
        if operation is not None and operation.outcome is None:
            operation.input = {**operation.input, **values}


def ended(db: Database, operation_id: str, outcome: str, problem: dict[str, Any] | None, at: datetime) -> bool:
    """Close a live operation. False: it had already ended; nothing is written."""
    with db.write() as session:
        closed = _touch(session, operation_id, outcome=outcome, problem=problem, ended_at=at)
        if closed and outcome == "cancelled":
            _settle(session, operation_id, ("pending", "running"), "cancelled", at)
        elif closed:
            _settle(session, operation_id, ("running",), "failed", at)
        return closed


def _settle(session: Session, operation_id: str, states: Sequence[str], state: str, at: datetime) -> None:
    session.execute(
        update(Step)
        .where(Step.operation_id == operation_id, Step.state.in_(states))
        .values(state=state, ended_at=func.coalesce(Step.ended_at, at))
    )


def cancel_requested(db: Database, operation_id: str, by: str) -> bool:
    """Ask a live operation to stop at its next safe point. False: it has ended, or was asked before."""
    with db.write() as session:
        return _touch(session, operation_id, Operation.cancel_requested_by.is_(None), cancel_requested_by=by)


@dataclass(frozen=True)
class PlannedWrite:
    """A policy write about to be sent; None as a text means no policy."""

    connection: str
    region: str
    repository: str
    before: str | None
    after: str | None


def write_planned(db: Database, operation_id: str, write: PlannedWrite, at: datetime) -> int:
    """Record a policy write with both texts before it is sent; its position, to close it with.

    A planned write that is still open for the same repository is replaced: it never reached AWS, or the caller has
    closed it.
    """
    with db.write() as session:
        mine = select(PolicyChange).where(PolicyChange.operation_id == operation_id)
        open_one = session.scalar(
            mine.where(PolicyChange.written_at.is_(None), PolicyChange.repository == write.repository)
        )
        if open_one is None:
            position = session.scalar(
                select(func.count()).select_from(PolicyChange).where(PolicyChange.operation_id == operation_id)
            )
            open_one = PolicyChange(operation_id=operation_id, position=position or 0)
            session.add(open_one)
        open_one.connection, open_one.region, open_one.repository = write.connection, write.region, write.repository
        open_one.before, open_one.after, open_one.planned_at = write.before, write.after, at
        return open_one.position


def write_done(db: Database, operation_id: str, position: int, request_id: str, at: datetime) -> bool:
    """Close a planned write: AWS took it. False: it was closed before."""
    with db.write() as session:
        done = _count(
            session.execute(
                update(PolicyChange)
                .where(
                    PolicyChange.operation_id == operation_id,
                    PolicyChange.position == position,
                    PolicyChange.written_at.is_(None),
                )
                .values(written_at=at, request_id=request_id)
            )
        )
        return bool(done) and _touch(session, operation_id)


def write_refused(db: Database, operation_id: str, position: int) -> None:
    """Forget a planned write that AWS refused for good: nothing was changed by it."""
    with db.write() as session:
        session.execute(
            delete(PolicyChange).where(
                PolicyChange.operation_id == operation_id,
                PolicyChange.position == position,
                PolicyChange.written_at.is_(None),
            )
        )


def open_write(db: Database, operation_id: str, repository: str) -> PolicyChange | None:
    """The planned write that nobody has closed: after a crash it may or may not have reached AWS."""
    with db.read() as session:
        return session.scalar(
            select(PolicyChange).where(
                PolicyChange.operation_id == operation_id,
                PolicyChange.repository == repository,
                PolicyChange.written_at.is_(None),
            )
        )


def has_written(db: Database, operation_id: str, repository: str) -> bool:
    """Whether the operation has changed the repository's policy."""
    with db.read() as session:
        return (
            session.scalar(
                select(PolicyChange.position).where(
                    PolicyChange.operation_id == operation_id,
                    PolicyChange.repository == repository,
                    PolicyChange.written_at.is_not(None),
                )
            )
            is not None
        )


def _touch(session: Session, operation_id: str, *conditions: ColumnElement[bool], **values: Any) -> bool:
    """Change a live operation and let its version grow. False: it has ended, or a condition does not hold."""
    return bool(
        _count(
            session.execute(
                update(Operation)
                .where(Operation.id == operation_id, Operation.outcome.is_(None), *conditions)
                .values(version=Operation.version + 1, **values)
            )
        )
    )


def _count(result: Any) -> int:
    assert isinstance(result, CursorResult)  # noqa: S101  (an UPDATE always gives one)
    return result.rowcount

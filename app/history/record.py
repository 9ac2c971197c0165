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

from sqlalchemy import ColumnElement, CursorResult, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db import Database
from app.history.models import Operation, Step


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


@dataclass(frozen=True)
class Run:
    """One run of an operation's step. Only the newest, by `attempt`, may write to it: an overtaken one is refused."""

    operation_id: str
    step: str
    attempt: int

    def at_work(self) -> tuple[ColumnElement[bool], ...]:
        """The step, as long as this run of it is the newest and has not ended."""
        return (
            Step.operation_id == self.operation_id,
            Step.name == self.step,
            Step.state == "running",
            Step.attempts == self.attempt,
        )


def step_started(db: Database, operation_id: str, name: str, at: datetime) -> tuple[Operation, Run] | None:
    """Begin a step, or begin it again: the operation as it stands, and this run. None: the operation has ended.

    The first step's beginning is also the operation's.
    """
    with db.write() as session:
        if not touch(session, operation_id, started_at=func.coalesce(Operation.started_at, at)):
            return None
        attempt = session.scalar(
            update(Step)
            .where(Step.operation_id == operation_id, Step.name == name)
            .values(
                state="running",
                started_at=func.coalesce(Step.started_at, at),
                ended_at=None,
                attempts=Step.attempts + 1,
            )
            .returning(Step.attempts)
        )
        return session.get_one(Operation, operation_id), Run(operation_id, name, attempt or 0)


def step_noted(db: Database, run: Run, note: dict[str, Any]) -> bool:
    """Leave a remark at a running step. False: this run is not the one at work (any more)."""
    with db.write() as session:
        return touch(session, run.operation_id) and bool(
            count(session.execute(update(Step).where(*run.at_work()).values(note=note)))
        )


@dataclass(frozen=True)
class StepEnd:
    """How a step ended."""

    state: str
    note: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None
    request_ids: tuple[str, ...] = ()


def step_ended(db: Database, run: Run, end: StepEnd, at: datetime) -> bool:
    """End a running step. False: another run has begun it since, or the operation has ended; it stays as it is."""
    with db.write() as session:
        # The operation before its steps, everywhere: two runs at once must not wait for each other.
        if not touch(session, run.operation_id):
            return False
        known = session.scalar(select(Step.request_ids).where(*run.at_work()).with_for_update())
        if known is None:
            return False
        request_ids = list(dict.fromkeys((*known, *end.request_ids)))
        session.execute(
            update(Step)
            .where(*run.at_work())
            .values(state=end.state, note=end.note, problem=end.problem, ended_at=at, request_ids=request_ids)
        )
        return True


def learned(db: Database, operation_id: str, *, principal_arn: str = "", image_uri: str = "") -> None:
    """Keep what the operation found out on its way; "" leaves a value as it is."""
    values = {"principal_arn": principal_arn, "image_uri": image_uri}
    with db.write() as session:
        touch(session, operation_id, **{name: value for name, value in values.items() if value})


def input_noted(db: Database, operation_id: str, **values: Any) -> None:
    """Add to what the workflow needs, so that a run after a crash knows what this one was about to do."""
    with db.write() as session:
        operation = session.get(Operation, operation_id, with_for_update=True)
        if operation is not None and operation.outcome is None:
            operation.input = {**operation.input, **values}


def ended(db: Database, operation_id: str, outcome: str, problem: dict[str, Any] | None, at: datetime) -> bool:
    """Close a live operation. False: it had already ended; nothing is written."""
    with db.write() as session:
        closed = touch(session, operation_id, outcome=outcome, problem=problem, ended_at=at)
        if closed:
            _settle(session, operation_id, outcome, at)
        return closed


def _settle(session: Session, operation_id: str, outcome: str, at: datetime) -> None:
    """Leave no step of an ended operation open. One still running is a stalled run's, of a step that another did."""
    states, state = {
        "cancelled": (("pending", "running"), "cancelled"),
        "failed": (("running",), "failed"),
    }.get(outcome, (("running",), "succeeded"))
    session.execute(
        update(Step)
        .where(Step.operation_id == operation_id, Step.state.in_(states))
        .values(state=state, ended_at=func.coalesce(Step.ended_at, at))
    )


def cancelled_in_queue(db: Database, operation_id: str, by: str, at: datetime) -> bool:
    """Close an operation that nothing has begun yet. False: it has begun, or ended."""
    with db.write() as session:
        values = {"outcome": "cancelled", "cancel_requested_by": by, "ended_at": at}
        closed = touch(session, operation_id, Operation.started_at.is_(None), **values)
        if closed:
            _settle(session, operation_id, "cancelled", at)
        return closed


def cancel_requested(db: Database, operation_id: str, by: str) -> bool:
    """Ask a live operation to stop at its next safe point. False: it has ended, or was asked before."""
    with db.write() as session:
        return touch(session, operation_id, Operation.cancel_requested_by.is_(None), cancel_requested_by=by)


def touch(session: Session, operation_id: str, *conditions: ColumnElement[bool], **values: Any) -> bool:
    """Change a live operation and let its version grow. False: it has ended, or a condition does not hold."""
    return bool(
        count(
            session.execute(
                update(Operation)
                .where(Operation.id == operation_id, Operation.outcome.is_(None), *conditions)
                .values(version=Operation.version + 1, **values)
            )
        )
    )


def count(result: Any) -> int:
    assert isinstance(result, CursorResult)  # noqa: S101  (an UPDATE always gives one)
    return result.rowcount

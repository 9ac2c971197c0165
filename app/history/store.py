"""Records the progress of an operation as it happens. Each function is one short transaction.

Changes are single conditional updates whose result says whether they took effect: a run that was overtaken by another
(after a crash, or while it was stalled) can repeat any of them and writes nothing twice. Nothing is read, decided and
then saved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult
from sqlalchemy.orm import Session

from app.db import Database
from app.errors import Problem
from app.history import kinds
from app.history.models import Operation
from app.history.sql import (
    BEGIN_OPERATION,
    BEGIN_STEP,
    LIVE_DEPLOYMENTS,
    LIVE_ON_REPOSITORY,
    LIVE_ON_SERVICE,
    NEW_OPERATION,
    NEW_STEP,
    NEWEST_RUN,
    NEXT_SEQUENCE,
    SETTLE_STEPS,
    SKIP_STEP,
    SUPERSEDE,
    at_running_step,
    named,
    touching,
)
from app.history.turns import check_turn, lock_repository

SUPERSEDED = Problem("operation.superseded").to_json()


@dataclass(frozen=True)
class NewOperation:
    """An operation to record. Two operations with the same `subject` would do the same."""

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
    batch_id: str | None = None


@dataclass(frozen=True)
class LiveOperation:
    """A live operation, as far as a new request needs it. `part_of`: the live operation that it is a part of."""

    id: str
    kind: str
    service: str
    repository: str
    subject: str
    cancel_requested: bool
    input: Mapping[str, Any]
    batch_id: str | None = None
    part_of: str | None = None


Join = Callable[[NewOperation, Sequence[LiveOperation]], str]
"""Returns the id of the live operation that a request joins, "" for none. If it raises Problem, nothing is recorded."""


def insert_or_join(db: Database, new: NewOperation, join: Join, at: datetime) -> tuple[str, bool]:
    """Record a new operation, or join a live one; return the operation's id, and whether it is new.

    `join` decides among the live operations of the same repository or service, oldest first. Requests about one
    repository or one service are decided one after the other, on all replicas, and numbered in that order.
    """
    with db.write() as session:
        db.lock(session, keys_of(new))
        joined = join(new, live_operations(session, new))
        if joined:
            return joined, False
        sequence = session.scalar(NEXT_SEQUENCE)
        session.execute(NEW_OPERATION, {**row_of(new, at), "sequence": sequence})
        session.execute(NEW_STEP, steps_of(new))
    return new.id, True


def keys_of(new: NewOperation) -> tuple[str, ...]:
    """Return the keys that are locked while it is recorded: requests about the same repository or service wait."""
    prefix = f"{new.connection} {new.region}"
    return tuple(f"{prefix} {kind} {name}" for kind, name in (("service", new.service), ("repository", new.repository)))


def live_operations(session: Session, new: NewOperation) -> tuple[LiveOperation, ...]:
    """Return the live operations that a new one may join or wait for: of its repository, or its service's role."""
    statement = LIVE_ON_REPOSITORY if new.repository else LIVE_ON_SERVICE
    if new.kind == kinds.DEPLOY:
        statement = LIVE_DEPLOYMENTS
    rows = session.execute(statement, _register(vars(new))).all()
    return tuple(
        LiveOperation(
            row.id,
            row.kind,
            row.service,
            row.repository,
            row.subject,
            bool(row.cancel_requested_by),
            row.input,
            row.batch_id,
            row.part_of,
        )
        for row in sorted(rows, key=lambda row: row.sequence)
    )


def _register(operation: Mapping[str, Any]) -> dict[str, Any]:
    return {f"at_{name}": operation[name] for name in ("connection", "region", "service", "repository")}


def row_of(new: NewOperation, at: datetime) -> dict[str, Any]:
    """Return the values of its row, in the waiting state."""
    return {**{each.name: getattr(new, each.name) for each in fields(new) if each.name != "steps"}, "asked_at": at}


def steps_of(new: NewOperation) -> list[dict[str, Any]]:
    """Return the values of the rows of its steps."""
    return [
        {"operation_id": new.id, "position": position, "name": name, "state": "pending"}
        for position, name in enumerate(new.steps)
    ]


@dataclass(frozen=True)
class Run:
    """One run of an operation's step. Only the newest, by `attempt`, may write to it: an overtaken one is refused.

    `request_ids` are those of the runs before it.
    """

    operation_id: str
    step: str
    attempt: int
    request_ids: tuple[str, ...] = ()

    def key(self) -> dict[str, Any]:
        """Return the parameters of the statements about the newest run of a step."""
        return {"of": self.operation_id, "step": self.step, "attempt": self.attempt}


def step_started(db: Database, operation_id: str, name: str, at: datetime) -> tuple[Operation, Run] | None:
    """Start a step, or start it again; return the operation as it is now, and this run. None: the operation has ended.

    The first step's beginning is also the operation's.

    Raises:
        BehindAnother: the operation would begin, and one of the same repository comes before it; nothing is written.
            The queue orders operations itself; this orders the items of batches, which are in no queue, among them.
    """
    with db.write() as session:
        lock_repository(db, session, operation_id)
        began = {"of": operation_id, "new_started_at": at}
        operation = session.execute(BEGIN_OPERATION, began).mappings().one_or_none()
        if operation is None:
            return None
        if operation["started_at"] == at:
            check_turn(session, dict(operation))
            supersede(session, dict(operation), at)
        attempt, request_ids = session.execute(BEGIN_STEP, {**began, "step": name}).one()
        return Operation(**operation), Run(operation_id, name, attempt, tuple(request_ids))


def supersede(session: Session, operation: Mapping[str, Any], at: datetime) -> None:
    """End what was requested earlier for the same service and repository and has not begun: it came too late.

    That happens when the engine got a later request first, because replicas' clocks differ or the earlier request was
    recorded and could not be queued at once. Carrying it out now would undo what was requested after it. A batch has
    items of its own, each of which does so on its repository.
    """
    if operation["kind"] == kinds.BATCH:
        return
    values = {"problem": {**SUPERSEDED, "params": {"operation": operation["id"]}}, "ended_at": at}
    earlier = {**_register(operation), "before_sequence": operation["sequence"], **named(values)}
    earlier["is_deploy"] = operation["kind"] == kinds.DEPLOY
    if superseded := session.scalars(SUPERSEDE, earlier).all():
        settle(session, superseded, "cancelled", at)


def step_noted(db: Database, run: Run, note: dict[str, Any]) -> bool:
    """Add a note to a running step. False: this run is no longer the newest."""
    with db.write() as session:
        return touch(session, run.operation_id) and _at_running_step(session, run, note=note)


@dataclass(frozen=True)
class StepEnd:
    """How a step ended.

    Args:
        learned: values that the operation found out: its `principal_arn`, its `image_uri`.
        skips: a later step that is not needed; it is closed with the same note.
    """

    state: str
    note: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None
    request_ids: tuple[str, ...] = ()
    learned: Mapping[str, str] = field(default_factory=dict)
    skips: str = ""


def step_ended(db: Database, run: Run, end: StepEnd, at: datetime) -> bool:
    """End a running step. False: another run has started it since, or the operation has ended; nothing changes."""
    with db.write() as session:
        # Every writer locks the operation before its steps: two concurrent runs must not deadlock.
        values: dict[str, Any] = {"state": end.state, "note": end.note, "problem": end.problem, "ended_at": at}
        values["request_ids"] = list(dict.fromkeys((*run.request_ids, *end.request_ids)))
        if not (touch(session, run.operation_id, **end.learned) and _at_running_step(session, run, **values)):
            return False
        if end.skips:
            skipped = named({"note": end.note, "started_at": at, "ended_at": at})
            session.execute(SKIP_STEP, {"of": run.operation_id, "step": end.skips, **skipped})
        return True


def _at_running_step(session: Session, run: Run, **values: Any) -> bool:
    """Change a running step. False: this run is no longer the newest."""
    return bool(count(session.execute(at_running_step(*values), {**run.key(), **named(values)})))


def input_noted(db: Database, /, operation_id: str, **values: Any) -> None:
    """Add to the workflow's input, so that a run after a crash knows what this one was about to do."""
    with db.write() as session:
        operation = session.get(Operation, operation_id, with_for_update=True)
        if operation is not None and operation.outcome is None:
            operation.input = {**operation.input, **values}


def noted_before_sending(db: Database, /, run: Run, **values: Any) -> bool:
    """Add to what the workflow needs what this run is about to send. False: another run is at work; nothing is written."""
    with db.write() as session:
        operation = session.get(Operation, run.operation_id, with_for_update=True)
        if operation is None or operation.outcome is not None or session.scalar(NEWEST_RUN, run.key()) is None:
            return False
        operation.input = {**operation.input, **values}
        return True


def ended(db: Database, operation_id: str, outcome: str, problem: dict[str, Any] | None, at: datetime) -> bool:
    """Close a live operation. False: it had already ended; nothing is written."""
    with db.write() as session:
        closed = touch(session, operation_id, outcome=outcome, problem=problem, ended_at=at)
        if closed:
            settle(session, [operation_id], outcome, at)
        return closed


def settle(session: Session, operation_ids: Sequence[str], outcome: str, at: datetime) -> None:
    """Close the steps of operations that ended in this way. One still running belongs to a stalled run; another run did that step."""
    states, state = {
        "cancelled": (("pending", "running"), "cancelled"),
        "failed": (("running",), "failed"),
    }.get(outcome, (("running",), "succeeded"))
    values = named({"state": state, "ended_at": at})
    session.execute(SETTLE_STEPS, {"ids": operation_ids, "open_states": states, **values})


def cancelled_in_queue(db: Database, operation_id: str, by: str, at: datetime) -> bool:
    """Close an operation that has not begun. False: it has begun, or ended."""
    with db.write() as session:
        values = {"outcome": "cancelled", "cancel_requested_by": by, "ended_at": at}
        closed = touch(session, operation_id, Operation.started_at.is_(None), **values)
        if closed:
            settle(session, [operation_id], "cancelled", at)
        return closed


def cancel_requested(db: Database, operation_id: str, by: str) -> bool:
    """Request that a live operation stops at its next safe point. False: it has ended, or this was requested before."""
    with db.write() as session:
        return touch(session, operation_id, Operation.cancel_requested_by.is_(None), cancel_requested_by=by)


def touch(session: Session, operation_id: str, *conditions: ColumnElement[bool], **values: Any) -> bool:
    """Change a live operation and increase its version. False: it has ended, or a condition does not hold."""
    changing = touching(*values).where(*conditions) if conditions else touching(*values)
    return bool(count(session.execute(changing, {"of": operation_id, **named(values)})))


def count(result: Any) -> int:
    assert isinstance(result, CursorResult)  # noqa: S101  (an UPDATE always returns one)
    return result.rowcount

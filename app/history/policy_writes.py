"""Records each write of a repository's policy: planned with both texts before it is sent, closed when AWS has answered.

A write that may have reached AWS is kept until it is known that it did not. Each function is one transaction.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.db import Database
from app.history.models import Operation, PolicyChange
from app.history.sql import (
    ADOPT_OPEN_WRITES,
    BY_US,
    CLOSE_WRITE,
    DROP_WRITE,
    LAST_WRITES,
    NEWEST_RUN,
    PLAN_WRITE,
    named,
)
from app.history.store import Run, count, touch
from app.keys import RepositoryKey


@dataclass(frozen=True)
class PlannedWrite:
    """A policy write about to be sent; None as a text means no policy."""

    connection: str
    region: str
    repository: str
    before: str | None
    after: str | None


def last_confirmed(db: Database, operation_id: str) -> PolicyChange | None:
    """Return the last policy write of an operation of ours that AWS confirmed."""
    query = (
        select(PolicyChange)
        .where(PolicyChange.operation_id == operation_id, PolicyChange.written_at.is_not(None), BY_US)
        .order_by(PolicyChange.position.desc())
    )
    with db.read() as session:
        return session.scalars(query).first()


def changes_of_parts(db: Database, operation_id: str, kind: str) -> tuple[PolicyChange, ...]:
    """Return what an operation's parts of this kind changed, a change for each repository, in the parts' order.

    It is the last write that AWS confirmed of the first part that changed the repository's policy.
    """
    query = (
        select(PolicyChange)
        .join(Operation, Operation.id == PolicyChange.operation_id)
        .where(Operation.follows == operation_id, Operation.kind == kind, PolicyChange.written_at.is_not(None))
        .order_by(Operation.sequence, PolicyChange.position)
    )
    with db.read() as session:
        last = {change.operation_id: change for change in session.scalars(query)}
    first: dict[str, PolicyChange] = {}
    for change in last.values():
        first.setdefault(change.repository, change)
    return tuple(first.values())


def write_planned(db: Database, run: Run, write: PlannedWrite, at: datetime) -> int | None:
    """Record a policy write before it is sent; return its position, to close it with. None: a newer run took over."""
    with db.write() as session:
        if not _is_newest(session, run):
            return None
        planned = named({**asdict(write), "planned_at": at})
        return session.scalar(PLAN_WRITE, {"of": run.operation_id, **planned})


def write_done(  # noqa: PLR0917  (the write, and AWS's answer to it)
    db: Database, run: Run, position: int, request_id: str, at: datetime, replaced: str | None = None
) -> bool:
    """Close a planned write that AWS confirmed. False: a newer run took over; it reads the policy itself.

    `replaced` is the previous text, if AWS returned it: it is kept as the text before.
    """
    with db.write() as session:
        if not (touch(session, run.operation_id) and _is_newest(session, run)):
            return False
        closed = named({"written_at": at, "request_id": request_id, "before": replaced})
        session.execute(CLOSE_WRITE, {"of": run.operation_id, "at_position": position, **closed})
        return True


def write_forgotten(db: Database, run: Run, position: int) -> None:
    """Delete a planned write that AWS is proven not to have carried out."""
    with db.write() as session:
        if _is_newest(session, run):
            session.execute(DROP_WRITE, {"of": run.operation_id, "at_position": position})


def write_unanswered(db: Database, run: Run, position: int, at: datetime) -> None:
    """Record that AWS's answer to a planned write was lost: AWS may have carried it out, or do so later.

    Of earlier writes of the same text with lost answers, only one is kept: a read that shows the text closes one of the
    two, and the other may still be carried out.
    """
    with db.write() as session:
        if not _is_newest(session, run):
            return
        change = session.get(PolicyChange, (run.operation_id, position))
        if change is None or change.written_at is not None:
            return
        change.unanswered_at = at
        earlier = select(PolicyChange).where(*_open(run.operation_id, change.repository))
        earlier = earlier.where(PolicyChange.position < position).order_by(PolicyChange.position.desc())
        same_text = [other for other in session.scalars(earlier) if other.after == change.after]
        for other in same_text[1:]:
            session.delete(other)


def adopt_unanswered(db: Database, run: Run, repository: str) -> bool:
    """Mark writes that an earlier run left open as unanswered. False: there are none, or a newer run took over."""
    with db.write() as session:
        if not _is_newest(session, run):
            return False
        adopted = session.execute(ADOPT_OPEN_WRITES, {"of": run.operation_id, "at_repository": repository})
        return bool(count(adopted))


def unanswered(db: Database, operation_id: str) -> tuple[PolicyChange, ...]:
    """Return the writes whose answer was lost and that no read has shown to be carried out, the newest first."""
    query = select(PolicyChange).where(PolicyChange.operation_id == operation_id, PolicyChange.written_at.is_(None))
    with db.read() as session:
        return tuple(session.scalars(query.order_by(PolicyChange.position.desc())))


@dataclass(frozen=True)
class WholeWrite:
    """A write as it was sent: it may carry changes of several operations of a batch, of which each records its own."""

    before: str | None
    after: str | None
    is_shared: bool


def whole_write(db: Database, change: PolicyChange) -> WholeWrite:
    """Return the write that a recorded change was a part of.

    The parts are recorded with the same time, and follow each other by their operations' ids.
    """
    same = (
        PolicyChange.connection == change.connection,
        PolicyChange.region == change.region,
        PolicyChange.repository == change.repository,
        PolicyChange.planned_at == change.planned_at,
        BY_US,
    )
    query = select(PolicyChange.before, PolicyChange.after).where(*same).order_by(PolicyChange.operation_id)
    with db.read() as session:
        parts = session.execute(query).all()
    if not parts:  # the history no longer holds it
        return WholeWrite(change.before, change.after, is_shared=False)
    return WholeWrite(parts[0].before, parts[-1].after, is_shared=len(parts) > 1)


def write_seen_late(db: Database, operation_id: str, position: int, replaced: str | None, at: datetime) -> bool:
    """Close an unanswered write that a read has shown to be carried out late. False: it was closed already.

    `replaced` is the previous text; None leaves the recorded one.
    """
    with db.write() as session:
        closed = named({"written_at": at, "request_id": "", "before": replaced})
        result = session.execute(CLOSE_WRITE, {"of": operation_id, "at_position": position, **closed})
        return bool(count(result)) and touch(session, operation_id)


class Written(NamedTuple):
    """A repository's policy text before and after a write of ours; None: no policy. `taken`: AWS confirmed it."""

    before: str | None
    after: str | None
    taken: bool


def last_writes(db: Database, repository: RepositoryKey, since: datetime, count: int) -> tuple[Written, ...]:
    """Return the last writes of a repository's policy by operations of ours, sent after `since`, the newest first."""
    with db.read() as session:
        rows = session.execute(LAST_WRITES, {**repository.parameters, "since": since, "count": count})
        return tuple(Written(*row) for row in rows)


def has_written(db: Database, operation_id: str, repository: str, *, before: int | None = None) -> bool:
    """Return whether the operation has changed the repository's policy; `before`: its write at this position."""
    writes = select(PolicyChange.position).where(*_taken(operation_id, repository)).limit(1)
    if before is not None:
        writes = writes.where(PolicyChange.position < before)
    with db.read() as session:
        return session.scalar(writes) is not None


def last_taken(db: Database, operation_id: str, repository: str) -> PolicyChange | None:
    """Return the operation's last write of the repository's policy that AWS confirmed."""
    newest = (
        select(PolicyChange).where(*_taken(operation_id, repository)).order_by(PolicyChange.position.desc()).limit(1)
    )
    with db.read() as session:
        return session.scalar(newest)


def last_deleted(db: Database, operation_id: str, repository: str) -> str | None:
    """Return the policy text that the operation's last write deleted; None if it deleted none."""
    change = last_taken(db, operation_id, repository)
    return change.before if change is not None and change.after is None else None


def _is_newest(session: Session, run: Run) -> bool:
    return session.scalar(NEWEST_RUN, run.key()) is not None


def _open(operation_id: str, repository: str) -> tuple[ColumnElement[bool], ...]:
    return (
        PolicyChange.operation_id == operation_id,
        PolicyChange.repository == repository,
        PolicyChange.written_at.is_(None),
    )


def _taken(operation_id: str, repository: str) -> tuple[ColumnElement[bool], ...]:
    return (
        PolicyChange.operation_id == operation_id,
        PolicyChange.repository == repository,
        PolicyChange.written_at.is_not(None),
    )

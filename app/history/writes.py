"""Keeps each write of a repository's policy: planned with both texts before it is sent, closed when AWS has answered.

What may have reached AWS is never forgotten before it is known that it did not. Each function is one transaction.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.db import Database
from app.history.models import PolicyChange
from app.history.record import Run, touch
from app.history.statements import CLOSE_WRITE, DROP_OPEN_WRITE, LAST_WRITES, NEWEST_RUN, PLAN_WRITE, named


@dataclass(frozen=True)
class PlannedWrite:
    """A policy write about to be sent; None as a text means no policy."""

    connection: str
    region: str
    repository: str
    before: str | None
    after: str | None


def write_planned(db: Database, run: Run, write: PlannedWrite, at: datetime) -> int | None:
    """Record a policy write before it is sent; its position, to close it with. None: another run is at work.

    A planned write that is still open for the same repository is replaced: the caller has read the policy since, and
    found that it did not take effect.
    """
    with db.write() as session:
        if not _is_newest(session, run):
            return None
        _drop_open(session, run, write.repository)
        planned = named({**asdict(write), "planned_at": at})
        return session.scalar(PLAN_WRITE, {"of": run.operation_id, **planned})


def write_done(  # noqa: PLR0917  (who wrote what, and AWS's answer to it)
    db: Database, run: Run, position: int, request_id: str, at: datetime, replaced: str | None = None
) -> bool:
    """Close a planned write: AWS took it. False: another run is at work; it reads the policy and sees for itself.

    `replaced` is the text that stood there until then, where AWS told it: it is kept as the text before.
    """
    with db.write() as session:
        if not (touch(session, run.operation_id) and _is_newest(session, run)):
            return False
        closed = named({"written_at": at, "request_id": request_id, "before": replaced})
        session.execute(CLOSE_WRITE, {"of": run.operation_id, "at_position": position, **closed})
        return True


def write_forgotten(db: Database, run: Run, repository: str) -> None:
    """Drop the open write: AWS refused it, or reading the policy has shown that it never took effect."""
    with db.write() as session:
        if _is_newest(session, run):
            _drop_open(session, run, repository)


def open_write(db: Database, operation_id: str, repository: str) -> PolicyChange | None:
    """The planned write that nobody has closed: it may or may not have reached AWS."""
    with db.read() as session:
        return session.scalar(select(PolicyChange).where(*_open(operation_id, repository)))


class Written(NamedTuple):
    """A repository's policy text before and after a write of ours; None: no policy. `taken`: AWS said so."""

    before: str | None
    after: str | None
    taken: bool


def last_writes(  # noqa: PLR0917  (a repository's key alone takes three)
    db: Database, connection: str, region: str, repository: str, since: datetime, count: int
) -> tuple[Written, ...]:
    """The last writes of a repository's policy by operations of ours, sent after `since`, the newest first."""
    here = {"at_connection": connection, "at_region": region, "at_repository": repository}
    with db.read() as session:
        found = session.execute(LAST_WRITES, {**here, "since": since, "count": count})
        return tuple(Written(*row) for row in found)


def has_written(db: Database, operation_id: str, repository: str) -> bool:
    """Whether the operation has changed the repository's policy."""
    with db.read() as session:
        return session.scalar(select(PolicyChange.position).where(*_taken(operation_id, repository))) is not None


def last_deleted(db: Database, operation_id: str, repository: str) -> str | None:
    """The policy text that the operation's last write deleted; None if it deleted none."""
    newest = (
        select(PolicyChange).where(*_taken(operation_id, repository)).order_by(PolicyChange.position.desc()).limit(1)
    )
    with db.read() as session:
        change = session.scalar(newest)
    return change.before if change is not None and change.after is None else None


def _is_newest(session: Session, run: Run) -> bool:
    return session.scalar(NEWEST_RUN, run.key()) is not None


def _drop_open(session: Session, run: Run, repository: str) -> None:
    session.execute(DROP_OPEN_WRITE, {"of": run.operation_id, "at_repository": repository})


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

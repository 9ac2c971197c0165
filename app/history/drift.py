"""Access that was given with Sailpass and that somebody else may have taken away; records it once. Decides nothing."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from app.db import Database
from app.history.models import Operation, PolicyChange
from app.history.queries import overridden
from app.history.sql import CHANGES, NEW_OPERATION, NEXT_SEQUENCE
from app.history.store import NewOperation, keys_of, row_of

# After a write of ours, ECR may tell an older text for some seconds.
SETTLES = timedelta(seconds=5)
_GIVE = ("grant", "repair", "restore", "undo")


@dataclass(frozen=True)
class Standing:
    """The last operation that may have given a service access, with the policy that it left behind at `written_at`.

    Nothing of Sailpass's has changed what it gave. `wrote`: it changed the policy, so that `text` is known.
    """

    id: str
    kind: str
    service: str
    repository: str
    principal_arn: str
    ended_at: datetime
    wrote: bool
    text: str | None
    written_at: datetime | None


@dataclass(frozen=True)
class Removal:
    """A policy that gave access at `before_at` and no longer did at `at`; None as a text: no policy."""

    before: str | None
    before_at: datetime
    after: str | None
    at: datetime


def standing(db: Database, connection: str, region: str, repositories: Sequence[str]) -> tuple[Standing, ...]:
    """Return what stands on these repositories: of each service at most one operation on each."""
    with db.read() as session:
        return _standing(session, connection, region, repositories)


def _standing(session: Session, connection: str, region: str, repositories: Sequence[str]) -> tuple[Standing, ...]:
    row, change, write = Operation, PolicyChange, aliased(PolicyChange)
    last_write = (
        select(write.position)
        .where(write.operation_id == row.id, write.repository == row.repository, write.written_at.is_not(None))
        .order_by(write.position.desc())
        .limit(1)
        .correlate(row)
        .scalar_subquery()
    )
    last = (
        select(row.repository, row.service, func.max(row.sequence).label("sequence"))
        .where(row.connection == connection, row.region == region, row.repository.in_(repositories))
        .where(row.kind.in_(_GIVE), row.outcome == "succeeded")
        .group_by(row.repository, row.service)
        .subquery()
    )
    query = (
        select(row, change)
        .join(last, tuple_(row.repository, row.service, row.sequence) == tuple_(*last.c))
        .outerjoin(change, and_(change.operation_id == row.id, change.position == last_write))
        .where(row.connection == connection, row.region == region, row.repository.in_(repositories))
        .where(row.kind.in_(_GIVE), row.outcome == "succeeded", ~overridden(row))
        .order_by(row.asked_at)  # older releases numbered none
    )
    grants = (_of(operation, write) for operation, write in session.execute(query))
    return tuple({(given.repository, given.service): given for given in grants}.values())


def _of(operation: Operation, write: PolicyChange | None) -> Standing:
    return Standing(
        id=operation.id,
        kind=operation.kind,
        service=operation.service,
        repository=operation.repository,
        principal_arn=operation.principal_arn,
        ended_at=operation.ended_at or operation.asked_at,
        wrote=write is not None,
        text=write.after if write else None,
        written_at=write.written_at if write else None,
    )


def open_writes(db: Database, connection: str, region: str, repository: str) -> tuple[str | None, ...]:
    """Return the texts of our writes of a policy without an answer: AWS may have carried each out since."""
    change = PolicyChange
    query = select(change.after).where(
        change.connection == connection,
        change.region == region,
        change.repository == repository,
        change.written_at.is_(None),
    )
    with db.read() as session:
        return tuple(session.scalars(query))


def record_removal(db: Database, connection: str, region: str, given: Standing, removal: Removal) -> bool:
    """Record that the access was removed outside Sailpass, once for `given`, whoever notices it.

    False, and nothing is recorded: it was before, or the reading began before our last operation on the repository
    was over, so that it may show a state of our own making.
    """
    new = NewOperation(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"sailpass:drift:{given.id}")),
        kind="drift",
        connection=connection,
        region=region,
        service=given.service,
        repository=given.repository,
        subject=f"drift {given.id}",
        asked_by="",
        steps=(),
        follows=given.id,
    )
    with db.write() as session:
        db.lock(session, keys_of(new))
        if session.get(Operation, new.id) is not None or _may_be_ours(session, new, removal.at):
            return False
        if given.id not in {each.id for each in _standing(session, connection, region, [given.repository])}:
            return False
        ended = {"started_at": removal.before_at, "ended_at": removal.at, "outcome": "seen"}
        sequence = session.scalar(NEXT_SEQUENCE)
        arn = given.principal_arn
        session.execute(NEW_OPERATION, {**row_of(new, removal.at), **ended, "sequence": sequence, "principal_arn": arn})
        session.execute(CHANGES.insert(), _change(new, removal))
    return True


def _may_be_ours(session: Session, new: NewOperation, at: datetime) -> bool:
    row = Operation
    on_repository: ColumnElement[bool] = row.repository == new.repository
    on_role = (row.repository == "") & (row.service == new.service)
    lately = select(row.id).where(
        row.connection == new.connection,
        row.region == new.region,
        or_(on_repository, on_role),
        row.kind != "drift",
        or_(row.outcome.is_(None), row.ended_at > at - SETTLES),
    )
    return session.scalar(lately.limit(1)) is not None


def _change(new: NewOperation, removal: Removal) -> dict[str, object]:
    return {
        "operation_id": new.id,
        "position": 0,
        "connection": new.connection,
        "region": new.region,
        "repository": new.repository,
        "before": removal.before,
        "after": removal.after,
        "planned_at": removal.before_at,
        "written_at": removal.at,
        "request_id": "",
    }

"""Access that was given with Sailpass and that somebody else may have taken away; records it once. Decides nothing."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.db import Database
from app.history.models import Operation, PolicyChange
from app.history.sql import CHANGES, NEW_OPERATION, NEXT_SEQUENCE
from app.history.standing import Standing, standing_in
from app.history.store import NewOperation, keys_of, row_of

# After a write of ours, ECR may tell an older text for some seconds.
SETTLES = timedelta(seconds=5)


@dataclass(frozen=True)
class Removal:
    """A policy that gave access at `before_at` and no longer did at `at`; None as a text: no policy."""

    before: str | None
    before_at: datetime
    after: str | None
    at: datetime


def open_writes(db: Database, connection: str, region: str, repository: str) -> tuple[str | None, ...]:
    """Return the texts of our writes of a policy without an answer: AWS may have carried each out since."""
    change = PolicyChange
    wanted = select(change.after).where(
        change.connection == connection,
        change.region == region,
        change.repository == repository,
        change.written_at.is_(None),
    )
    with db.read() as session:
        return tuple(session.scalars(wanted))


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
        if given.id not in {each.id for each in standing_in(session, connection, region, [given.repository])}:
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

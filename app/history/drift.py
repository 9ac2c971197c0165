"""What was seen to be done outside Sailpass, where access was given with it; records each once. Decides nothing."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from app.db import Database
from app.history import kinds
from app.history.models import Operation, PolicyChange
from app.history.sql import CHANGES, NEW_OPERATION, NEXT_SEQUENCE
from app.history.standing import Standing, standing_in
from app.history.store import NewOperation, keys_of, row_of
from app.keys import RepositoryKey, ServiceKey

# After a write of ours, ECR may return an older text for some seconds.
SETTLES = timedelta(seconds=5)
# A role's state in AWS's answers may be older than what our own operation saw last; and a call that got no answer may
# be carried out later.
ROLE_SETTLES, UNANSWERED_SETTLES = timedelta(minutes=1), timedelta(minutes=15)
# Changes of one policy that are looked at, the newest.
LOOKED_AT = 10


@dataclass(frozen=True)
class SeenChange:
    """A policy that was `before` at `before_at` and `after` at `at`; None as a text: no policy."""

    before: str | None
    before_at: datetime
    after: str | None
    at: datetime


@dataclass(frozen=True)
class RecordedChange:
    """A change of a policy in the history: `written_at` None for a write of ours whose answer was lost.

    `by_us` False: a reading showed it. `key` names it among all changes.
    """

    key: str
    before: str | None
    after: str | None
    planned_at: datetime
    written_at: datetime | None
    by_us: bool = True


def open_writes(db: Database, repository: RepositoryKey) -> tuple[str | None, ...]:
    """Return the texts of our policy writes without an answer: AWS may have carried each out since."""
    change = PolicyChange
    query = select(change.after).where(*repository.of(change, change.repository), change.written_at.is_(None))
    with db.read() as session:
        return tuple(session.scalars(query))


def recorded_changes(
    db: Database, connection: str, region: str, repositories: Sequence[str]
) -> dict[str, tuple[RecordedChange, ...]]:
    """Return the last changes of each repository's policy, the oldest first, whoever made them."""
    change, row = PolicyChange, Operation
    newest = (change.planned_at.desc(), change.operation_id.desc(), change.position.desc())
    number = func.row_number().over(partition_by=change.repository, order_by=newest).label("number")
    in_region = (change.connection == connection, change.region == region, change.repository.in_(repositories))
    numbered = select(change.operation_id, change.position, number).where(*in_region).subquery()
    query = (
        select(change, row.kind)
        .join(numbered, tuple_(change.operation_id, change.position) == tuple_(*tuple(numbered.c)[:2]))
        .join(row, row.id == change.operation_id)
        .where(numbered.c.number <= LOOKED_AT)
        .order_by(change.planned_at, change.operation_id, change.position)
    )
    by_repository: dict[str, list[RecordedChange]] = {}
    with db.read() as session:
        for each, kind in session.execute(query):
            by_repository.setdefault(each.repository, []).append(_recorded(each, kind))
    return {name: tuple(changes) for name, changes in by_repository.items()}


def _recorded(change: PolicyChange, kind: str) -> RecordedChange:
    key = f"{change.operation_id}/{change.position}"
    times = (change.planned_at, change.written_at)
    return RecordedChange(key, change.before, change.after, *times, by_us=kind not in kinds.SEEN)


def record_removal(db: Database, connection: str, region: str, given: Standing, removal: SeenChange) -> bool:
    """Record that the access was removed outside Sailpass, once for `given`, whoever notices it.

    Returns False and records nothing if that is recorded already, or if the read began before our last operation on the
    repository was over, so that it may show our own change.
    """
    new = _new("drift", given, connection, region, name=given.id, subject=given.id)
    with db.write() as session:
        db.lock(session, keys_of(new))
        if session.get(Operation, new.id) is not None or _may_be_ours(session, new, removal.at):
            return False
        if given.id not in {each.id for each in standing_in(session, connection, region, [given.repository])}:
            return False
        _insert(session, new, given, removal)
    return True


def record_seen(  # noqa: PLR0917  (where, of what, and what it is)
    db: Database, connection: str, region: str, given: Standing, kind: str, key: str, seen: SeenChange, *, sure: bool
) -> bool:
    """Record what somebody did to a repository: `kind` of `kinds.SEEN`, once for each `key`, whoever notices it.

    `given` is access to it that was given with Sailpass. `sure`: it cannot be a state of our own making; else False, and
    nothing is recorded, where it may be one as for `record_removal`.
    """
    name = f"{kind}:{connection}:{region}:{given.repository}:{key}"
    new = _new(kind, given, connection, region, name=name, subject=key)
    with db.write() as session:
        db.lock(session, keys_of(new))
        if session.get(Operation, new.id) is not None or (not sure and _may_be_ours(session, new, seen.at)):
            return False
        _insert(session, new, given, seen)
    return True


def record_service_change(
    db: Database, key: ServiceKey, given: Standing, kind: str, between: tuple[datetime, datetime]
) -> bool:
    """Record what somebody did to a service or its role between two times, once: `kind` of `kinds.SEEN`.

    `given` is access that was given to the service with Sailpass. Returns False and records nothing where an operation
    of ours may have switched the role, or another process has recorded the change.
    """
    before_at, at = between
    name = f"{kind}:{key.connection}:{key.region}:{key.name}:{before_at.isoformat()}"
    service = replace(given, repository="")
    new = _new(kind, service, key.connection, key.region, name=name, subject=before_at.isoformat())
    with db.write() as session:
        db.lock(session, keys_of(new))
        if _is_recorded(session, new, before_at) or (kind in kinds.ROLE_SEEN and _may_be_our_switch(session, new, at)):
            return False
        _insert(session, new, service, SeenChange(None, before_at, None, at))
    return True


def _is_recorded(session: Session, new: NewOperation, since: datetime) -> bool:
    """Return whether a change of this kind has been seen at a later time than `since`, perhaps by another process."""
    row = Operation
    same = (row.connection == new.connection, row.region == new.region, row.service == new.service)
    seen = select(row.id).where(*same, row.kind == new.kind, row.ended_at > since)
    return session.scalar(seen.limit(1)) is not None


def _may_be_our_switch(session: Session, new: NewOperation, at: datetime) -> bool:
    row = Operation
    may_switch = select(row.id).where(
        row.connection == new.connection,
        row.region == new.region,
        row.service == new.service,
        row.kind.in_(kinds.MAY_SWITCH_ROLE),
        or_(
            row.outcome.is_(None),
            row.ended_at > at - ROLE_SETTLES,
            and_(row.outcome.not_in(("succeeded", "nothing_to_do")), row.ended_at > at - UNANSWERED_SETTLES),
        ),
    )
    return session.scalar(may_switch.limit(1)) is not None


def _new(kind: str, given: Standing, connection: str, region: str, *, name: str, subject: str) -> NewOperation:
    """Return the operation to record; `name` names it among all that are seen, in every process alike."""
    return NewOperation(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"sailpass:drift:{name}")),
        kind=kind,
        connection=connection,
        region=region,
        service=given.service,
        repository=given.repository,
        subject=f"{kind} {subject}",
        asked_by="",
        steps=(),
        follows=given.id,
    )


def _insert(session: Session, new: NewOperation, given: Standing, seen: SeenChange) -> None:
    ended = {"started_at": seen.before_at, "ended_at": seen.at, "outcome": "seen"}
    sequence = session.scalar(NEXT_SEQUENCE)
    arn = given.principal_arn
    session.execute(NEW_OPERATION, {**row_of(new, seen.at), **ended, "sequence": sequence, "principal_arn": arn})
    if seen.before != seen.after:
        session.execute(CHANGES.insert(), _change(new, seen))


def _may_be_ours(session: Session, new: NewOperation, at: datetime) -> bool:
    row = Operation
    on_repository: ColumnElement[bool] = row.repository == new.repository
    on_role = (row.repository == "") & (row.service == new.service)
    lately = select(row.id).where(
        row.connection == new.connection,
        row.region == new.region,
        or_(on_repository, on_role),
        row.kind.not_in(kinds.SEEN),
        or_(row.outcome.is_(None), row.ended_at > at - SETTLES),
    )
    return session.scalar(lately.limit(1)) is not None


def _change(new: NewOperation, removal: SeenChange) -> dict[str, object]:
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

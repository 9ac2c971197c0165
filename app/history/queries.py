"""Queries about past and live operations, from our own tables only. They write nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased, selectinload

from app.db import Database
from app.history import kinds
from app.history.models import GRANTED, Operation
from app.keys import RepositoryKey, ServiceKey

# Failures of one repository that are searched for ECR's refusal.
RECENT_FAILURES = 20


def _last_grants() -> Select[str, datetime, str]:
    row = Operation
    gave = and_(
        row.connection == bindparam("at_connection"),
        row.region == bindparam("at_region"),
        row.service == bindparam("at_name"),
        GRANTED,
    )
    last = select(row.repository, func.max(row.asked_at).label("at")).where(gave).group_by(row.repository).subquery()
    both = (row.repository == last.c.repository) & (row.asked_at == last.c.at)
    return select(row.repository, row.asked_at, row.asked_by).join(last, both).where(gave)


LAST_GRANTS = _last_grants()  # built once: that takes longer than running it


def get_operation(db: Database, operation_id: str) -> Operation | None:
    """Return one operation with its steps and changes loaded; None if there is none with that id."""
    query = (
        select(Operation)
        .where(Operation.id == operation_id)
        .options(selectinload(Operation.steps), selectinload(Operation.changes))
    )
    with db.read() as session:
        return session.scalar(query)


def find_version(db: Database, operation_id: str) -> int | None:
    """Return only an operation's version; None if there is none with that id."""
    return find_versions(db, [operation_id]).get(operation_id)


def find_versions(db: Database, operation_ids: Collection[str]) -> dict[str, int]:
    """Return only the versions of these operations, which most polls need, by id, as far as there are such."""
    with db.read() as session:
        rows = session.execute(select(Operation.id, Operation.version).where(Operation.id.in_(operation_ids)))
        return {row.id: row.version for row in rows}


def repositories_with_outcome(db: Database, ids: Collection[str], outcomes: Collection[str]) -> list[str]:
    """Return the repositories of those of the named operations that ended in one of the outcomes."""
    with db.read() as session:
        return list(
            session.scalars(
                select(Operation.repository).where(Operation.id.in_(ids), Operation.outcome.in_(tuple(outcomes)))
            )
        )


def count_changed_by_parts(db: Database, operation_id: str, kind: str) -> int:
    """Return how many repositories an operation's parts of this kind have changed."""
    row = Operation
    changed = (row.follows == operation_id, row.kind == kind, row.outcome == "succeeded")
    with db.read() as session:
        return session.scalar(select(func.count(row.repository.distinct())).where(*changed)) or 0


def was_worked_on(db: Database, service: ServiceKey) -> bool:
    """Return whether an operation on a service runs or ended well, or a change of it was seen.

    One that never existed has only failed operations.
    """
    row = Operation
    runs_or_ended_well = row.outcome.is_(None) | row.outcome.in_(("succeeded", "nothing_to_do", "seen"))
    with db.read() as session:
        return bool(session.scalar(select(exists().where(*service.of(row, row.service), runs_or_ended_well))))


def followers(db: Database, operation_id: str) -> tuple[str, ...]:
    """Return the ids of the operations that retry or undo this one, or are parts of it, oldest first."""
    query = select(Operation.id).where(Operation.follows == operation_id).order_by(Operation.asked_at)
    with db.read() as session:
        return tuple(session.scalars(query))


def connections(db: Database) -> tuple[str, ...]:
    """Return the connections that operations were requested on."""
    with db.read() as session:
        return tuple(session.scalars(select(Operation.connection).distinct()))


@dataclass(frozen=True)
class LastGrant:
    """When access was last granted with Sailpass, and who requested it."""

    at: datetime
    by: str


def last_grants(db: Database, service: ServiceKey) -> dict[str, LastGrant]:
    """Return by repository the last operation that granted the service access to it."""
    with db.read() as session:
        return {name: LastGrant(at, by) for name, at, by in session.execute(LAST_GRANTS, service.parameters)}


def last_grants_on(db: Database, repository: RepositoryKey) -> dict[str, LastGrant]:
    """Return by service the last operation that gave it access to the repository."""
    row = Operation
    gave = and_(*repository.of(row, row.repository), GRANTED)
    query = select(row.service, row.asked_at, row.asked_by).where(gave).order_by(row.asked_at)
    with db.read() as session:
        return {service: LastGrant(at, by) for service, at, by in session.execute(query)}


def count_live_grants(db: Database, service: ServiceKey) -> int:
    """Return how many live operations grant the service access."""
    row = Operation
    live = select(func.count()).where(*service.of(row, row.service), row.outcome.is_(None))
    with db.read() as session:
        return session.scalar(live.where(row.kind.in_(kinds.GIVES_ACCESS))) or 0


def failed_deployments(db: Database, service: ServiceKey) -> tuple[dict[str, Any], ...]:
    """Return the problems that the last deployments to a service ended with, oldest first; at most 50, as AWS keeps."""
    row = Operation
    failed = select(row.problem).where(*service.of(row, row.service), row.kind == kinds.DEPLOY, row.outcome == "failed")
    with db.read() as session:
        rows = session.scalars(failed.order_by(row.asked_at.desc()).limit(50)).all()
    return tuple(problem for problem in reversed(rows) if problem)


def is_queued() -> ColumnElement[bool]:
    """Return the condition that the engine runs an operation: not an item of a batch, which its batch runs."""
    return or_(Operation.batch_id.is_(None), Operation.kind == kinds.BATCH)


def stuck_in_queue(db: Database, *, waiting_since: datetime, begun_since: datetime) -> int:
    """Return how many operations wait without another one ahead of them, if none has begun lately.

    Counted are those requested before `waiting_since`, unless some operation began after `begun_since`.
    """
    row, other = Operation, aliased(Operation)
    at_work = exists().where(
        other.outcome.is_(None),
        other.started_at.is_not(None),
        other.connection == row.connection,
        other.region == row.region,
        or_(
            and_(_of_service(row), _of_service(other), other.service == row.service),
            and_(~_of_service(row), ~_of_service(other), other.repository == row.repository),
        ),
    )
    # The items of a batch are in no queue, and an operation may wait for one of them.
    item_first = exists().where(
        other.outcome.is_(None),
        other.batch_id.is_not(None),
        other.connection == row.connection,
        other.region == row.region,
        other.repository == row.repository,
        row.repository != "",
    )
    waiting = select(func.count()).where(
        row.outcome.is_(None),
        row.started_at.is_(None),
        row.asked_at < waiting_since,
        is_queued(),
        ~at_work,
        ~item_first,
    )
    begun = select(exists().where(row.outcome.is_(None), row.started_at > begun_since))
    with db.read() as session:
        count = session.scalar(waiting) or 0
        return 0 if count and session.scalar(begun) else count


def _of_service(row: type[Operation]) -> ColumnElement[bool]:
    """Return the condition for what is about a service's role or deployments: it waits for others of the service."""
    return or_(row.repository == "", row.kind == kinds.DEPLOY)


@dataclass(frozen=True)
class Refusal:
    """ECR's last `Principal not found` for a repository: for which policy, and which principals it may have meant."""

    policy_fingerprint: str
    principals: tuple[str, ...]


def last_refusal(db: Database, repository: RepositoryKey) -> Refusal | None:
    """Return the last refusal that an operation on the repository policy met; None if there was none lately."""
    row = Operation
    query = (
        select(row.input)
        .where(*repository.of(row, row.repository))
        .where(row.outcome == "failed")
        .order_by(row.asked_at.desc())
        .limit(RECENT_FAILURES)
    )
    with db.read() as session:
        for given in session.scalars(query):
            if refused := given.get("refused"):
                return Refusal(refused["policy"], tuple(refused["principals"]))
    return None

"""What happened, read from our own tables alone. Must never write."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import aliased, selectinload

from app.db import Database
from app.history.models import Operation

# Failures of one repository that are searched for what ECR refused.
RECENT_FAILURES = 20


def get_operation(db: Database, operation_id: str) -> Operation | None:
    """One operation with its steps and changes loaded; None when there is none of that id."""
    query = (
        select(Operation)
        .where(Operation.id == operation_id)
        .options(selectinload(Operation.steps), selectinload(Operation.changes))
    )
    with db.read() as session:
        return session.scalar(query)


def find_version(db: Database, operation_id: str) -> int | None:
    """Return an operation's version alone, which is all that most polls need; None when there is none of that id."""
    with db.read() as session:
        return session.scalar(select(Operation.version).where(Operation.id == operation_id))


def repositories_with_outcome(db: Database, ids: Collection[str], outcomes: Collection[str]) -> list[str]:
    """Return the repositories of those of the named operations that ended in one of the outcomes."""
    with db.read() as session:
        return list(
            session.scalars(
                select(Operation.repository).where(Operation.id.in_(ids), Operation.outcome.in_(tuple(outcomes)))
            )
        )


def followers(db: Database, operation_id: str) -> tuple[str, ...]:
    """The ids of the operations that retry or undo this one, or are parts of it, oldest first."""
    query = select(Operation.id).where(Operation.follows == operation_id).order_by(Operation.asked_at)
    with db.read() as session:
        return tuple(session.scalars(query))


def connections(db: Database) -> tuple[str, ...]:
    """The connections that operations were asked for on."""
    with db.read() as session:
        return tuple(session.scalars(select(Operation.connection).distinct()))


@dataclass(frozen=True)
class LastGrant:
    """When access was last given with Sailpass, and who asked for it."""

    at: datetime
    by: str


def last_grants(db: Database, connection: str, region: str, service: str) -> dict[str, LastGrant]:
    """By repository, the last operation that gave the service access to it."""
    row = Operation
    gave = (
        (row.connection == connection)
        & (row.region == region)
        & (row.service == service)
        & row.kind.in_(("grant", "repair"))
        & (row.outcome == "succeeded")
    )
    last = select(row.repository, func.max(row.asked_at).label("at")).where(gave).group_by(row.repository).subquery()
    query = select(row.repository, row.asked_at, row.asked_by).join(
        last, (row.repository == last.c.repository) & (row.asked_at == last.c.at)
    )
    with db.read() as session:
        return {name: LastGrant(at, by) for name, at, by in session.execute(query.where(gave))}


def count_live_grants(db: Database, connection: str, region: str, service: str) -> int:
    """Return how many operations that give the service access have not ended."""
    row = Operation
    live = select(func.count()).where(
        row.connection == connection, row.region == region, row.service == service, row.outcome.is_(None)
    )
    with db.read() as session:
        return session.scalar(live.where(row.kind.in_(("grant", "repair")))) or 0


def stuck_in_queue(db: Database, *, waiting_since: datetime, begun_since: datetime) -> int:
    """Return how many operations wait that nothing stands before, if none has begun lately.

    Counted are those requested before `waiting_since`, unless some operation began after `begun_since`.
    """
    row, other = Operation, aliased(Operation)
    at_work = exists().where(
        other.outcome.is_(None),
        other.started_at.is_not(None),
        other.connection == row.connection,
        other.region == row.region,
        other.repository == row.repository,
        or_(row.repository != "", other.service == row.service),
    )
    waiting = select(func.count()).where(
        row.outcome.is_(None), row.started_at.is_(None), row.asked_at < waiting_since, ~at_work
    )
    begun = select(exists().where(row.outcome.is_(None), row.started_at > begun_since))
    with db.read() as session:
        count = session.scalar(waiting) or 0
        return 0 if count and session.scalar(begun) else count


@dataclass(frozen=True)
class Refusal:
    """ECR's last `Principal not found` for a repository: for which policy, and which principals it may have meant."""

    policy_fingerprint: str
    principals: tuple[str, ...]


def last_refusal(db: Database, connection: str, region: str, repository: str) -> Refusal | None:
    """Return the last refusal that an operation on the repository's policy met; None if there was none lately."""
    row = Operation
    query = (
        select(row.input)
        .where(row.connection == connection, row.region == region, row.repository == repository)
        .where(row.outcome == "failed")
        .order_by(row.asked_at.desc())
        .limit(RECENT_FAILURES)
    )
    with db.read() as session:
        for given in session.scalars(query):
            if refused := given.get("refused"):
                return Refusal(refused["policy"], tuple(refused["principals"]))
    return None

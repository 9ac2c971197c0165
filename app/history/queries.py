"""What happened, read from our own tables alone. Must never write."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select
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


def standing_grants(db: Database, connection: str, region: str, service: str) -> dict[str, datetime]:
    """By repository, when access was last given with Sailpass, where nothing of Sailpass's has changed the policy since.

    If the policy no longer names the service's role, somebody else took the access away.
    """
    row = Operation
    gave = (
        (row.connection == connection)
        & (row.region == region)
        & (row.service == service)
        & row.kind.in_(("grant", "repair"))
        & (row.outcome == "succeeded")
    )
    query = select(row.repository, func.max(row.ended_at)).where(gave, ~overridden(row)).group_by(row.repository)
    with db.read() as session:
        return {name: ended_at for name, ended_at in session.execute(query) if ended_at is not None}


def overridden(row: type[Operation]) -> ColumnElement[bool]:
    """Whether a later operation changed, or may have changed, what `row` gave its service."""
    later = aliased(Operation)
    same_region = (later.connection == row.connection) & (later.region == row.region)
    on_the_policy = (
        (later.repository == row.repository)
        & or_(later.service == row.service, later.kind.in_(("undo", "restore", "prune")))
        & later.kind.not_in(("grant", "repair", "drift"))
    )
    role_off = (
        (later.service == row.service)
        & (later.kind == "deactivate")
        & or_(later.outcome.is_(None), later.outcome == "succeeded")
    )
    # Two questions, each with an index of its own.
    after = (same_region, later.sequence > row.sequence)
    return or_(exists().where(*after, on_the_policy), exists().where(*after, role_off))


def count_live_grants(db: Database, connection: str, region: str, service: str) -> int:
    """Return how many operations that give the service access have not ended."""
    row = Operation
    live = select(func.count()).where(
        row.connection == connection, row.region == region, row.service == service, row.outcome.is_(None)
    )
    with db.read() as session:
        return session.scalar(live.where(row.kind.in_(("grant", "repair")))) or 0


def is_queued() -> ColumnElement[bool]:
    """Return the condition that the engine runs an operation: not an item of a batch, which its batch runs."""
    return or_(Operation.batch_id.is_(None), Operation.kind == "batch")


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

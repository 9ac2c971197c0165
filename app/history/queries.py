"""What happened, read from our own tables alone. Must never write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from app.db import Database
from app.history.models import Operation


def get_operation(db: Database, operation_id: str) -> Operation | None:
    """One operation with its steps and changes loaded; None when there is none of that id."""
    wanted = (
        select(Operation)
        .where(Operation.id == operation_id)
        .options(selectinload(Operation.steps), selectinload(Operation.changes))
    )
    with db.read() as session:
        return session.scalar(wanted)


def followers(db: Database, operation_id: str) -> tuple[str, ...]:
    """The ids of the operations that retry or undo this one, or are parts of it, oldest first."""
    wanted = select(Operation.id).where(Operation.follows == operation_id).order_by(Operation.asked_at)
    with db.read() as session:
        return tuple(session.scalars(wanted))


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
    wanted = select(row.repository, row.asked_at, row.asked_by).join(
        last, (row.repository == last.c.repository) & (row.asked_at == last.c.at)
    )
    with db.read() as session:
        return {name: LastGrant(at, by) for name, at, by in session.execute(wanted.where(gave))}

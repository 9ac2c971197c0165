"""Operations that haven't ended, read from our own tables alone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import selectinload

from app.db import Database
from app.history.models import Operation

_LIVES = Operation.outcome.is_(None)


def list_living(
    db: Database, connection: str, region: str = "", service: str = "", *, limit: int
) -> tuple[Operation, ...]:
    """Return living operations with their steps and changes, newest first; of one service where it is named."""
    query = (
        select(Operation)
        .where(Operation.connection == connection, _LIVES)
        .options(selectinload(Operation.steps), selectinload(Operation.changes))
        .order_by(Operation.asked_at.desc())
        .limit(limit)
    )
    if service:
        query = query.where(Operation.region == region, Operation.service == service)
    with db.read() as session:
        return tuple(session.scalars(query))


def living_ids_outside(db: Database, begin: datetime, end: datetime) -> list[str]:
    """Return the ids of the living operations that were not asked for between two times."""
    with db.read() as session:
        outside = or_(Operation.asked_at < begin, Operation.asked_at > end)
        return list(session.scalars(select(Operation.id).where(_LIVES, outside)))


def living_among(db: Database, ids: Collection[str]) -> tuple[Operation, ...]:
    """Return those of the named operations that live."""
    with db.read() as session:
        return tuple(session.scalars(select(Operation).where(Operation.id.in_(ids), _LIVES)))


def count_living(db: Database, ids: Collection[str]) -> int:
    """Count those of the named operations that live."""
    with db.read() as session:
        count = select(func.count()).select_from(Operation)
        return session.scalar(count.where(Operation.id.in_(ids), _LIVES)) or 0


def cancel_requested_ids(db: Database) -> list[str]:
    """Return the ids of the living operations that were asked to stop."""
    with db.read() as session:
        return list(session.scalars(select(Operation.id).where(_LIVES, Operation.cancel_requested_by.is_not(None))))


def living_part(db: Database, parent_id: str, repository: str) -> str | None:
    """Return the id of the living part of an operation for one repository."""
    with db.read() as session:
        part = (Operation.follows == parent_id, Operation.repository == repository)
        return session.scalar(select(Operation.id).where(*part, _LIVES))

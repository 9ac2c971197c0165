"""Live operations, read from our own tables only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Integer, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased, selectinload

from app.db import Database
from app.history.models import Operation
from app.history.queries import is_queued
from app.history.sql import without_index

_LIVES = Operation.outcome.is_(None)
# Built once, since most pages ask: building a statement takes longer than running it.
LIVING = (
    select(Operation)
    .where(Operation.connection == bindparam("at_connection"), _LIVES, is_queued())
    .options(selectinload(Operation.steps), selectinload(Operation.changes))
    .order_by(without_index(Operation.asked_at).desc())
    .limit(bindparam("limit", type_=Integer))
)
LIVING_OF_SERVICE = LIVING.where(
    without_index(Operation.region) == bindparam("at_region"),
    without_index(Operation.service) == bindparam("at_service"),
)


def list_living(
    db: Database, connection: str, region: str = "", service: str = "", *, limit: int
) -> tuple[Operation, ...]:
    """Return live operations with their steps and changes, newest first; only those of `service` if it is given."""
    at: dict[str, str | int] = {"at_connection": connection, "limit": limit}
    if service:
        at |= {"at_region": region, "at_service": service}
    with db.read() as session:
        return tuple(session.scalars(LIVING_OF_SERVICE if service else LIVING, at))


def living_ids_outside(db: Database, begin: datetime, end: datetime) -> list[str]:
    """Return the ids of the live operations that were not requested between two times."""
    with db.read() as session:
        outside = or_(Operation.asked_at < begin, Operation.asked_at > end)
        return list(session.scalars(select(Operation.id).where(_LIVES, outside, is_queued())))


def living_among(db: Database, ids: Collection[str]) -> tuple[Operation, ...]:
    """Return those of the given operations that are live."""
    with db.read() as session:
        return tuple(session.scalars(select(Operation).where(Operation.id.in_(ids), _LIVES)))


def count_living(db: Database, ids: Collection[str]) -> int:
    """Count those of the given operations that are live."""
    with db.read() as session:
        count = select(func.count()).select_from(Operation)
        return session.scalar(count.where(Operation.id.in_(ids), _LIVES)) or 0


def cancel_requested_ids(db: Database) -> list[str]:
    """Return the ids of the live operations with a cancel request."""
    with db.read() as session:
        return list(session.scalars(select(Operation.id).where(_LIVES, Operation.cancel_requested_by.is_not(None))))


def living_part(db: Database, parent_id: str, repository: str, kind: str) -> str | None:
    """Return the id of the live part of an operation for one repository."""
    with db.read() as session:
        part = (Operation.follows == parent_id, Operation.repository == repository, Operation.kind == kind)
        return session.scalar(select(Operation.id).where(*part, _LIVES))


def living_parts(db: Database, parent_id: str) -> list[str]:
    """Return the ids of the live parts of a live operation: what follows one that has ended retries or undoes it."""
    parent = aliased(Operation)
    parent_lives = exists().where(parent.id == parent_id, parent.outcome.is_(None))
    with db.read() as session:
        return list(session.scalars(select(Operation.id).where(Operation.follows == parent_id, _LIVES, parent_lives)))

"""Which operations ended lately, and a version of all operations that changes with every change a person could see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, case, func, select
from sqlalchemy.orm import selectinload

from app.db import Database
from app.history.models import Operation
from app.history.queries import is_queued
from app.history.sql import without_index

MOST = 100
"""Endings that are read at once."""

# Built once, since they are asked twice a second while a page is open.
_CONNECTION = without_index(Operation.connection)
_RUNNING = func.sum(case((is_queued(), 1), else_=0))
LIVE = (
    select(_CONNECTION, _RUNNING, func.sum(Operation.version)).where(Operation.outcome.is_(None)).group_by(_CONNECTION)
)
NEWEST = select(func.max(Operation.sequence))
LAST_ENDED = (
    select(Operation.ended_at)
    .where(Operation.connection == bindparam("at_connection"), Operation.ended_at.is_not(None))
    .order_by(Operation.ended_at.desc())
    .limit(1)
)


def ended_since(db: Database, connection: str, since: datetime) -> Sequence[Operation]:
    """Return the operations that ended after `since`, the newest first, at most `MOST`: of a batch the whole, not its items."""
    row = Operation
    query = (
        select(row)
        .where(row.connection == connection, row.ended_at > since, row.outcome != "seen", is_queued())
        .order_by(row.ended_at.desc())
        .limit(MOST)
        .options(selectinload(row.steps), selectinload(row.changes))
    )
    with db.read() as session:
        return session.scalars(query).all()


def operations_version(db: Database, connection: str) -> tuple[str, int]:
    """Return a text that changes when any operation begins, proceeds or ends, and how many are running."""
    with db.read() as session:
        by_connection = {name: (count, versions) for name, count, versions in session.execute(LIVE)}
        newest = session.scalar(NEWEST)
        last = session.scalar(LAST_ENDED, {"at_connection": connection})
    count, versions = by_connection.get(connection, (0, 0))
    return f"{newest or 0}.{count}.{versions}.{last.timestamp() if last else 0}", count

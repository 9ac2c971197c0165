"""Lets old history go, where a number of days is set. Must never delete an operation that lives or is needed by one."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from app.db import Database
from app.history.models import Operation

# Few enough that a running operation's next step never waits long for its turn to write.
BATCH = 200


def delete_older_than(db: Database, days: int, now: datetime, *, batch: int = BATCH) -> int:
    """Delete what ended more than `days` days ago, with its steps and changes; 0 keeps everything. How many."""
    if days <= 0:
        return 0
    deleted = 0
    while gone := _delete_some(db, now - timedelta(days=days), batch):
        deleted += gone
    return deleted


def _delete_some(db: Database, before: datetime, batch: int) -> int:
    row = Operation
    followed = select(row.follows).where(row.outcome.is_(None), row.follows.is_not(None))
    old = (
        select(row.id)
        .where(row.asked_at < before, row.outcome.is_not(None), row.ended_at < before, row.id.not_in(followed))
        .order_by(row.asked_at)
        .limit(batch)
    )
    with db.write() as session:
        ids = session.scalars(old).all()
        session.execute(delete(row).where(row.id.in_(ids)))
    return len(ids)

"""Which entries of what was seen the webhook has not taken yet, and whose turn it is to send one. Sends nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from app.db import Database, insert_into
from app.history.models import SEEN, Delivery, Operation

TRIED_FOR = timedelta(days=1)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=30)
MOST = 20
# Clocks of replicas may differ by this much.
CLOCKS_DIFFER = timedelta(minutes=1)


def undelivered(db: Database, connection: str, now: datetime) -> Sequence[tuple[Operation, int]]:
    """Return the entries of the last day that are due, the oldest first, each with how often it was tried."""
    row, delivery = Operation, Delivery
    query = (
        select(row, func.coalesce(delivery.attempts, 0), func.coalesce(delivery.tried_at, row.ended_at))
        .outerjoin(delivery, delivery.operation_id == row.id)
        .where(row.connection == connection, SEEN, row.ended_at > now - TRIED_FOR)
        .where(delivery.delivered_at.is_(None))
        .order_by(row.ended_at)
    )
    with db.read() as session:
        rows = session.execute(query).all()
    return [(entry, attempts) for entry, attempts, tried_at in rows if _is_due(attempts, tried_at, now)][:MOST]


def _is_due(attempts: int, tried_at: datetime, now: datetime) -> bool:
    """Return whether an entry's pause is over; a try in the future was made while a clock was ahead."""
    return tried_at + pause_after(attempts) <= now or tried_at > now + CLOCKS_DIFFER


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after so many tries."""
    return min(FIRST_PAUSE * 2 ** min(attempts - 1, 10), LONGEST_PAUSE) if attempts else timedelta()


def claim(db: Database, operation_id: str, attempts: int, now: datetime) -> bool:
    """Take the right to send an entry that was tried so often. False: another replica has it."""
    row = Delivery
    with db.write() as session:
        first = (
            insert_into(session, row)
            .values(operation_id=operation_id, attempts=0, tried_at=now)
            .on_conflict_do_nothing()
        )
        session.execute(first)
        taken = (
            update(row)
            .where(row.operation_id == operation_id, row.attempts == attempts, row.delivered_at.is_(None))
            .values(attempts=attempts + 1, tried_at=now)
        )
        return bool(session.execute(taken).rowcount == 1)  # type: ignore[attr-defined]


def delivered(db: Database, operation_id: str, now: datetime) -> None:
    """Note that the webhook took an entry."""
    with db.write() as session:
        session.execute(update(Delivery).where(Delivery.operation_id == operation_id).values(delivered_at=now))

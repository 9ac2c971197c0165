"""Ends what a restored history shows as running: how it went on after the backup nobody can tell from it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.history.models import Operation, Step
from app.history.store import count

OPEN = ("pending", "running")


def interrupt_all(session: Session, at: datetime) -> int:
    """End every living operation as interrupted, with its open steps; how many there were.

    Their open policy writes stay as they are: that nobody knows whether AWS took them is what they say.
    """
    living = select(Operation.id).where(Operation.outcome.is_(None))
    session.execute(
        update(Step)
        .where(Step.operation_id.in_(living), Step.state.in_(OPEN))
        .values(state="interrupted", ended_at=func.coalesce(Step.ended_at, at))
    )
    return count(
        session.execute(
            update(Operation)
            .where(Operation.outcome.is_(None))
            .values(outcome="interrupted", ended_at=at, version=Operation.version + 1)
        )
    )

"""Ends the operations that a restored history shows as running: the backup does not say how they ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.history.models import Operation, Step
from app.history.store import count

OPEN = ("pending", "running")


def interrupt_all(session: Session, at: datetime) -> int:
    """End every live operation as interrupted, with its open steps; return how many there were.

    Their open policy writes stay open, which means that AWS may or may not have carried them out.
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

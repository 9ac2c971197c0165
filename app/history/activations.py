"""When Sailpass activated image puller roles. Only reads."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from app.db import Database
from app.history.models import Operation, Step

_ACTIVATED = (Step.name == "activate_role", Step.state == "succeeded")


def last_activations(
    session: Session, connection: str, services: Collection[tuple[str, str]]
) -> dict[tuple[str, str], datetime]:
    """Return when the role of each of these services (Region and name) was last activated by an operation.

    A step that found the role active is none. Services whose role no operation activated are left out.
    """
    row, step = Operation, Step
    query = (
        select(row.region, row.service, func.max(step.ended_at).label("activated_at"))
        .join(step, step.operation_id == row.id)
        .where(row.connection == connection, tuple_(row.region, row.service).in_(sorted(services)))
        .where(*_ACTIVATED)
        .group_by(row.region, row.service)
    )
    return {(each.region, each.service): each.activated_at for each in session.execute(query) if each.activated_at}


def activated_by_batch(db: Database, batch_id: str) -> tuple[tuple[str, str], ...]:
    """Return the services (Region and name) whose role a batch has activated, in its order."""
    row = Operation
    query = select(row.region, row.service).join(Step, Step.operation_id == row.id)
    with db.read() as session:
        rows = session.execute(query.where(row.batch_id == batch_id, *_ACTIVATED).order_by(row.sequence))
        return tuple((each.region, each.service) for each in rows)

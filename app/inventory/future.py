"""Resets stored times that are in the future because a clock was ahead when they were written.

A row seen in the future would count as newer than every read, and stay unchanged until then.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, or_, update

from app.db import Base, Database
from app.inventory.models import (
    ConnectionIdentity,
    DeployedImage,
    NewestImage,
    RegionReading,
    SeenRegistry,
    SeenRepository,
    SeenService,
)

# Clocks of replicas may differ by this much.
TOLERATED = timedelta(minutes=1)
_TIMES: tuple[tuple[type[Base], tuple[str, ...]], ...] = (
    (SeenService, ("seen_at", "role_since", "checked_at")),
    (DeployedImage, ("checked_at", "tried_at")),
    (NewestImage, ("read_at", "tried_at")),
    (SeenRepository, ("seen_at", "policy_read_at", "policy_tried_at", "checked_at")),
    (SeenRegistry, ("read_at", "tried_at")),
    (ConnectionIdentity, ("seen_at",)),
    (RegionReading, ("succeeded_at",)),
)


def take_back_future_times(db: Database, now: datetime) -> None:
    """Set every time in the future to now; what was read or judged since then is read or judged again. Blocks."""
    limit, row, repository = now + TOLERATED, RegionReading, SeenRepository
    with db.write() as session:
        # What depends on the date was judged by the wrong one.
        judged = update(repository).where(repository.checked_at > limit)
        session.execute(judged.values(check_due=repository.check_due + 1, recheck_at=None))
        for model, names in _TIMES:
            columns = [getattr(model, name) for name in names]
            values: dict[str, Any] = {
                name: case((column > limit, now), else_=column) for name, column in zip(names, columns, strict=True)
            }
            session.execute(update(model).where(_any_later(columns, limit)).values(values))
        begun = _any_later([row.started_at, row.ended_at], limit)
        session.execute(update(row).where(begun).values(started_at=None, ended_at=None))


def _any_later(columns: list[Any], limit: datetime) -> ColumnElement[bool]:
    return or_(*(column > limit for column in columns))

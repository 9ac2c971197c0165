"""Finds operations by their id or by a part of a name, for the search over everything. Writes nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from app.db import Database
from app.history import kinds
from app.history.models import Operation

RECENT = 10_000
"""How many of the newest operations are searched by name at least, so that a long history costs what a short one does."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LOWEST, _HIGHEST = (f"{digit * 8}-{digit * 4}-{digit * 4}-{digit * 4}-{digit * 12}" for digit in "0f")
_SHORTEST_ID = 8
_SAME_BEGINNING = 200
"""How many of the newest ids that begin alike are looked at."""


@dataclass(frozen=True)
class OperationMatch:
    """One operation in a line; `batch_id` as in the history."""

    id: str
    kind: str
    region: str
    service: str
    repository: str
    outcome: str | None
    asked_by: str
    asked_at: datetime
    has_begun: bool
    batch_id: str

    @property
    def state(self) -> str:
        """Its outcome, else `running` or `waiting`."""
        return self.outcome or ("running" if self.has_begun else "waiting")


@dataclass(frozen=True)
class OperationMatches:
    """The newest matches. `more`: there are others; `whole` False: older operations than `RECENT` weren't searched."""

    rows: tuple[OperationMatch, ...] = ()
    more: bool = False
    whole: bool = True


def id_range(text: str) -> tuple[str, str] | None:
    """Return the lowest and the highest id that begin with `text`; None where it can be the beginning of no id."""
    prefix = text.strip().lower()
    lowest, highest = prefix + _LOWEST[len(prefix) :], prefix + _HIGHEST[len(prefix) :]
    return (lowest, highest) if len(prefix) >= _SHORTEST_ID and _UUID.fullmatch(lowest) else None


def find_by_id(
    db: Database, connection: str, bounds: tuple[str, str], *, batches: bool, limit: int
) -> OperationMatches:
    """Return the operations, or the batches, whose id is within the bounds, both included; the newest first."""
    row = Operation
    # A batch's id is that of its first operation of the kind `batch`.
    kind = row.id == row.batch_id if batches else row.kind != kinds.BATCH
    # Ids are in the order of time. Read apart, so that every database reads them by their own index.
    newest = select(row.id).where(row.id.between(*bounds)).order_by(row.id.desc()).limit(_SAME_BEGINNING)
    among = row.id.in_(select(newest.subquery().c.id))
    return _find(db, (among, row.connection == connection, kind), (row.id.desc(),), limit)


def find_by_name(db: Database, connection: str, service: str, repository: str, limit: int) -> OperationMatches:
    """Return the newest operations whose service's or repository's name holds a part.

    The items of a batch are found by their repository only: by its service, a batch is one line.
    """
    row = Operation
    listed = row.connection == connection
    last = select(row.asked_at).where(listed).order_by(row.asked_at.desc()).offset(RECENT - 1).limit(2)
    with db.read() as session:
        oldest = session.scalars(last).all()
    whole = len(oldest) < 2
    # AWS's names have no capitals: without a change of case, the search takes a third of the time.
    holds = or_(
        row.repository.contains(repository.lower(), autoescape=True),
        and_(
            row.service.contains(service.lower(), autoescape=True), or_(row.batch_id.is_(None), row.kind == kinds.BATCH)
        ),
    )
    recent = () if whole else (row.asked_at >= oldest[0],)  # all items of a batch have one time
    order = (row.asked_at.desc(), row.id.desc())
    return _find(db, (listed, *recent, holds), order, limit, whole=whole)


def _find(
    db: Database,
    conditions: Sequence[ColumnElement[bool]],
    order: Sequence[ColumnElement[Any]],
    limit: int,
    *,
    whole: bool = True,
) -> OperationMatches:
    row = Operation
    columns: tuple[Any, ...] = (
        row.id,
        row.kind,
        row.region,
        row.service,
        row.repository,
        row.outcome,
        row.asked_by,
        row.asked_at,
        row.started_at.is_not(None),
        func.coalesce(row.batch_id, ""),
    )
    statement = select(*columns).where(*conditions).order_by(*order).limit(limit + 1)
    with db.read() as session:
        rows = [OperationMatch(*values) for values in session.execute(statement)]
    return OperationMatches(tuple(rows[:limit]), len(rows) > limit, whole)

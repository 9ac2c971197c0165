"""How completely each region is read, and which replica reads it. Does not read AWS itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Row, bindparam, or_, select, update
from sqlalchemy.orm import Session

from app.db import Database, insert_into, table_of
from app.errors import Problem
from app.inventory.models import RegionReading, SeenRepository

ABANDONED = timedelta(minutes=2)
"""A reader that has not ended after this time counts as dead; a second one at work costs only calls."""


# Built once, since every page asks: building a statement takes longer than running it.
_READINGS = table_of(RegionReading)
_OF_CONNECTION = select(_READINGS).where(_READINGS.c.connection == bindparam("at_connection"))
READINGS = _OF_CONNECTION.order_by(_READINGS.c.region, _READINGS.c.what)
READING_OF = _OF_CONNECTION.where(
    _READINGS.c.region == bindparam("at_region"), _READINGS.c.what == bindparam("at_what")
)


class What(StrEnum):
    """The parts of a region that are read separately."""

    SERVICES = "services"
    REPOSITORIES = "repositories"
    POLICIES = "policies"
    REGISTRY = "registry"
    IMAGES = "images"
    """Whether ECR has the images that services deploy."""


@dataclass(frozen=True)
class Reading:
    """How completely one part of a region is read.

    `succeeded_at` is when it was last read completely; `problem` is why the last try failed. For policies `done` of
    `total` repositories have been tried at least once.
    """

    region: str
    what: What
    started_at: datetime | None = None
    ended_at: datetime | None = None
    succeeded_at: datetime | None = None
    problem: Problem | None = None
    done: int = 0
    total: int = 0

    def is_running(self, now: datetime) -> bool:
        """Return whether it is being read."""
        if self.started_at is None or now - self.started_at > ABANDONED:
            return False
        return self.ended_at is None or self.ended_at < self.started_at


@dataclass(frozen=True)
class Claim:
    """The right to read one part of a region, until `ABANDONED` after `started_at`."""

    connection: str
    region: str
    what: What
    started_at: datetime


def claim(
    db: Database,
    connection: str,
    region: str,
    what: What,
    *,
    now: datetime,
    rest: timedelta = timedelta(0),
    retry: timedelta | None = None,
) -> Claim | None:
    """Claim the right to read. None: another process has it, or the last read ended less than `rest` ago.

    `retry` is the rest after a failed read, if it differs.
    """
    row = RegionReading
    due = row.ended_at <= now - rest
    if retry is not None:
        due = or_(due, row.problem.is_not(None) & (row.ended_at <= now - retry))
    over = row.ended_at.is_not(None) & (row.ended_at >= row.started_at) & due
    free = or_(row.started_at.is_(None), over, row.started_at < now - ABANDONED)
    with db.write() as session:
        _make_row(session, connection, region, what)
        statement = update(row).where(*_key(connection, region, what), free).values(started_at=now)
        taken = _count(session, statement) == 1
    return Claim(connection, region, what, now) if taken else None


def finish(
    db: Database,
    held: Claim,
    *,
    now: datetime,
    problem: Problem | None = None,
    whole: bool = True,
    counted: tuple[int, int] | None = None,
) -> bool:
    """Release the claim and record the result. False: it had been taken over; nothing is written.

    `whole`: everything was read, so that the store's content is as old as `started_at`. `counted` is how many of how
    many; None leaves it unchanged.
    """
    row = RegionReading
    values: dict[str, Any] = {"ended_at": now, "problem": problem.to_json() if problem else None}
    if counted is not None:
        values["done"], values["total"] = counted
    if problem is None and whole:
        values["succeeded_at"] = held.started_at
    statement = (
        update(row)
        .where(*_key(held.connection, held.region, held.what), row.started_at == held.started_at)
        .values(**values)
    )
    with db.write() as session:
        return _count(session, statement) == 1


def readings(db: Database, connection: str) -> tuple[Reading, ...]:
    """Return each region's reads that were ever started, by region."""
    with db.read() as session:
        return tuple(_reading(row) for row in session.execute(READINGS, {"at_connection": connection}))


def find_reading(db: Database, connection: str, region: str, what: What) -> Reading:
    """Return one read state; an empty one if it was never started."""
    at = {"at_connection": connection, "at_region": region, "at_what": str(what)}
    with db.read() as session:
        row = session.execute(READING_OF, at).one_or_none()
        return _reading(row) if row else Reading(region, what)


def was_read_since(db: Database, connection: str, region: str, what: What, since: datetime) -> bool:
    """Return whether a part was read completely after `since`, and not tried in vain since then."""
    reading = find_reading(db, connection, region, what)
    return reading.problem is None and reading.succeeded_at is not None and reading.succeeded_at > since


def due_policies(db: Database, connection: str, region: str, *, before: datetime, limit: int) -> tuple[str, ...]:
    """Return the repositories whose policy is to be read next: those never tried, newest first, then the oldest."""
    row = SeenRepository
    conditions = (row.connection == connection, row.region == region)
    never = (
        select(row.name).where(*conditions, row.policy_tried_at.is_(None)).order_by(row.created_at.desc()).limit(limit)
    )
    with db.read() as session:
        names = session.scalars(never).all()
        if len(names) == limit:
            return tuple(names)
        oldest = select(row.name).where(*conditions, row.policy_tried_at <= before).order_by(row.policy_tried_at)
        return (*names, *session.scalars(oldest.limit(limit - len(names))))


def _make_row(session: Session, connection: str, region: str, what: What) -> None:
    row = {"connection": connection, "region": region, "what": str(what), "done": 0, "total": 0}
    session.execute(insert_into(session, RegionReading).values(row).on_conflict_do_nothing())


def _key(connection: str, region: str, what: What) -> tuple[ColumnElement[bool], ...]:
    row = RegionReading
    return row.connection == connection, row.region == region, row.what == str(what)


def _count(session: Session, statement: Any) -> int:
    result: CursorResult[Any] = session.execute(statement)  # type: ignore[assignment]
    return result.rowcount


def _reading(row: Row[Any]) -> Reading:
    return Reading(
        row.region,
        What(row.what),
        row.started_at,
        row.ended_at,
        row.succeeded_at,
        Problem.from_json(row.problem) if row.problem else None,
        row.done,
        row.total,
    )

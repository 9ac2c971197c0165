"""Detects that a PostgreSQL database was restored from a dump, or copied, since we last used it.

A dump holds our rows, but not PostgreSQL's own data about them: which cluster, database and table they are in, and
which transaction wrote them. A copy of the data directory (a snapshot, a recovery to a point in time) holds that too
and can't be distinguished from the original; only a recovery's new timeline shows, which a failover has as well.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy import TextClause, delete, func, insert, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.backup.models import DatabaseOrigin
from app.db import Database
from app.operations.lease import LOCKS
from app.settings import SettingsError

log = logging.getLogger(__name__)

ORIGIN = 3  # the second half of an advisory lock's number, as those in `lease`

# Reading these may need permissions; what can't be read is not compared.
_SYSTEM = text("SELECT system_identifier::text FROM pg_control_system()")
_TIMELINE = text("SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)")
_NOW = text(
    "SELECT (SELECT oid::bigint FROM pg_database WHERE datname = current_database()),"
    " to_regclass('database_origins')::oid::bigint, txid_current() % 4294967296"
)
_ROW = text(
    "SELECT system, database_oid, table_oid, written_by, timeline, xmin::text::bigint AS xmin"
    " FROM database_origins WHERE id = 1"
)


class RestoredDatabaseError(SettingsError):
    """The database was restored or copied; sessions and tokens in it may have been revoked since."""


@dataclass(frozen=True)
class _Place:
    """Where the database is, as reported by the server."""

    system: str
    timeline: str


def check_origin(db: Database) -> None:
    """Check that the database is where it was when we last used it; record its place the first time.

    Raises:
        RestoredDatabaseError: it was restored from a dump, or copied.
    """
    origin = _place(db)
    with db.write() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(:locks, :what)"), {"locks": LOCKS, "what": ORIGIN})
        row = session.execute(_ROW).mappings().one_or_none()
        if row is None:
            _write(session, origin)
            return
        database_oid, table_oid, _ = session.execute(_NOW).one()
        same_system = "" in (row["system"], origin.system) or row["system"] == origin.system
        same_row = (row["database_oid"], row["table_oid"], row["written_by"]) == (database_oid, table_oid, row["xmin"])
        if not (same_system and same_row):
            raise RestoredDatabaseError(
                "This database was restored from a dump, or copied, since Sailpass last used it: tokens and sessions "
                "that were revoked would work again, and operations that ended would run again. "
                "Run “sailpass after-restore” once, then start again. If nothing was done on the original since the "
                "dump (the database was only moved or upgraded), run “sailpass after-restore --moved”."
            )
        if "" not in (row["timeline"], origin.timeline) and row["timeline"] != origin.timeline:
            log.warning(
                "PostgreSQL changed its timeline from %s to %s: a standby was promoted, or the database was recovered. "
                "If it was recovered to an earlier time, stop every replica and run: sailpass after-restore",
                row["timeline"],
                origin.timeline,
            )
            _write(session, origin)


def mark_origin(session: Session, db: Database) -> None:
    """Record where the database is now."""
    _write(session, _place(db))


def _write(session: Session, address: _Place) -> None:
    database_oid, table_oid, transaction = session.execute(_NOW).one()
    session.execute(delete(DatabaseOrigin))
    session.execute(
        insert(DatabaseOrigin).values(
            id=1,
            system=address.system,
            database_oid=database_oid,
            table_oid=table_oid,
            written_by=transaction,
            timeline=address.timeline,
            written_at=func.now(),
        )
    )


def _place(db: Database) -> _Place:
    return _Place(_asked(db, _SYSTEM), _asked(db, _TIMELINE))


def _asked(db: Database, question: TextClause) -> str:
    try:
        with db.read() as session:
            return str(session.scalar(question) or "")
    except DBAPIError:
        return ""

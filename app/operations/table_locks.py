"""Whether what operations write is free: tables on PostgreSQL, the engine's file on SQLite. Another program may lock it.

A heartbeat shows the same of the one table that it writes, and on SQLite of the history's file.
"""

from __future__ import annotations

import contextlib
import sqlite3

from sqlalchemy import text

from app.db import Database, database_file, is_sqlite

# Seconds for which a write of the engine itself may hold its file.
FREE_WITHIN = 1.0
# One look at the server's list of locks: a lock of our own on several tables could end in a deadlock with a migration.
_IS_LOCKED = text(
    "SELECT EXISTS (SELECT 1 FROM pg_locks JOIN pg_class ON pg_class.oid = relation"
    " JOIN pg_namespace ON pg_namespace.oid = relnamespace"
    " JOIN pg_database ON pg_database.oid = pg_locks.database AND datname = current_database()"
    " WHERE granted AND nspname IN (current_schema(), 'dbos') AND relkind = 'r'"
    " AND mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'))"
)


def are_tables_free(db: Database, engine_url: str) -> bool:
    """Return whether no lock of another program keeps operations from writing. Blocks.

    Args:
        db: the history.
        engine_url: where the engine keeps its tables; on PostgreSQL the same database.

    Raises:
        SQLAlchemyError: PostgreSQL can't be asked.
    """
    if is_sqlite(engine_url):
        return _is_file_free(engine_url)
    with db.read() as session:
        return not session.scalar(_IS_LOCKED)


def _is_file_free(url: str) -> bool:
    file = database_file(url).resolve().as_uri()
    try:
        with contextlib.closing(sqlite3.connect(f"{file}?mode=rw", FREE_WITHIN, isolation_level=None, uri=True)) as own:
            own.execute("BEGIN IMMEDIATE")
            own.execute("ROLLBACK")
    except sqlite3.DatabaseError:
        return False
    return True

"""What an SQLite file is, before it is used: a backup, or something that isn't ours. Leaves its log and locks alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

# The mark that separates a backup from a live database, which has 0 (https://www.sqlite.org/pragma.html#pragma_application_id).
BACKUP_ID = 0x53616C42  # "SalB"


def mark_as_backup(connection: sqlite3.Connection) -> None:
    """Mark a file, so that no server works on it until it has been restored."""
    connection.execute(f"PRAGMA application_id={BACKUP_ID}")


def is_backup(file: Path) -> bool:
    """Return whether a file has the mark. False for a file that is missing or not a database."""
    try:
        with closing(_unlocked(file)) as connection:
            (mark,) = connection.execute("PRAGMA application_id").fetchone()
    except sqlite3.Error:
        return False
    return bool(mark == BACKUP_ID)


def is_foreign(file: Path) -> bool:
    """Return whether a file is no database, or another program's.

    False for one that is missing, empty or can't be read, and while a log beside it may hold our tables.
    """
    log = file.with_name(f"{file.name}-wal")
    if log.exists() and log.stat().st_size:
        return False
    try:
        with closing(_unlocked(file)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB
    return bool(tables) and "alembic_version" not in tables


def _unlocked(file: Path) -> sqlite3.Connection:
    """Open a file with SQLite, which keeps this process's locks on it; reading its bytes directly would drop them.

    `immutable` leaves a write-ahead log alone that may belong to another file.
    """
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)

"""The mark that separates a backup from a live database, in SQLite's `application_id` field."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

# https://www.sqlite.org/pragma.html#pragma_application_id; a live database has 0.
BACKUP_ID = 0x53616C42  # "SalB"


def mark_as_backup(connection: sqlite3.Connection) -> None:
    """Mark a file, so that no server works on it until it has been restored."""
    connection.execute(f"PRAGMA application_id={BACKUP_ID}")


def is_backup(file: Path) -> bool:
    """Return whether a file has the mark. False for a file that is missing or not a database.

    Reads it with SQLite, which keeps this process's locks on the file; reading the header directly would drop them.
    `immutable` leaves a write-ahead log alone that may belong to another file.
    """
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            (mark,) = connection.execute("PRAGMA application_id").fetchone()
    except sqlite3.Error:
        return False
    return bool(mark == BACKUP_ID)

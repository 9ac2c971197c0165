"""Stores the token that one command borrows, and deletes it. Handles no secret: only its hash.

Only a server on SQLite lends one. Written with the driver alone: importing SQLAlchemy takes longer than all else that
such a command does. `app.auth.models.ApiToken` says what the columns are, and the tests read the row through it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from app.auth.names import COMMAND

# Seconds to wait for the server's own writes.
PATIENCE = 30
# As SQLAlchemy stores times in SQLite.
MOMENT = "%Y-%m-%d %H:%M:%S.%f"
SCOPE = "change"


def add_borrowed(file: Path, hashed: str, *, name: str, person: str, now: datetime, until: datetime) -> None:
    """Store a token, and delete those that commands left behind and that have expired. Raises sqlite3.Error."""
    with _connected(file) as connection:
        connection.execute(
            "DELETE FROM api_tokens WHERE substr(name, 1, ?) = ? AND expires_at <= ?",
            (len(COMMAND), COMMAND, _stored(now)),
        )
        connection.execute(
            "INSERT INTO api_tokens (name, hash, created_by, created_at, expires_at, scope) VALUES (?, ?, ?, ?, ?, ?)",
            (name, hashed, person, _stored(now), _stored(until), SCOPE),
        )


def remove_borrowed(file: Path, hashed: str) -> None:
    """Delete the token, if it is still there. Raises sqlite3.Error."""
    with _connected(file) as connection:
        connection.execute("DELETE FROM api_tokens WHERE hash = ?", (hashed,))


@contextmanager
def _connected(file: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection to an existing file; what the block writes is one transaction."""
    address = f"{file.absolute().as_uri()}?mode=rw"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=PATIENCE, isolation_level="IMMEDIATE")) as connection,
        connection,
    ):
        yield connection


def _stored(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(MOMENT)

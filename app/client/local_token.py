"""A token for one command, for users who can write the server's own database anyway. It never leaves this machine.

It is sent only to the address that the server wrote into the lock file of that database, while the server holds the
lock: another process that listens on the port does not get it. It is deleted when the command ends, and expires within
the hour.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.auth.borrowed import add_borrowed, remove_borrowed
from app.auth.names import command_token_name
from app.auth.operator import operator_name
from app.auth.secret import fingerprint, new_token
from app.errors import Problem

LIFETIME = timedelta(hours=1)


@contextmanager
def lent_token(file: Path) -> Iterator[str]:
    """Yield a token that is valid while the block runs; `file` is the server's database.

    Raises Problem `storage.failed`: the database can't be written.
    """
    token, now = new_token(), datetime.now(UTC)
    hashed, name = fingerprint(token), command_token_name(secrets.token_hex(6))
    try:
        add_borrowed(file, hashed, name=name, person=operator_name(), now=now, until=now + LIFETIME)
    except sqlite3.Error as error:
        raise Problem("storage.failed", reason=str(error)) from error
    try:
        yield token
    finally:
        # It may be revoked already; if the database is locked, the token expires.
        with suppress(sqlite3.Error):
            remove_borrowed(file, hashed)

"""A token for one command, for whoever may write the server's own database anyway. Must never leave this machine.

It is lent only to a server on this machine, and only while a process holds the lock of that very database: nobody
who merely listens on the port gets one. It is taken back when the command ends, and ends by itself within the hour.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from app.auth import store
from app.auth.names import command_token_name
from app.auth.secret import fingerprint, new_token
from app.auth.store import TokenFacts
from app.auth.terminal import operator_name
from app.db import Database, is_sqlite
from app.errors import Problem
from app.operations.lease import FileLease, InstanceTakenError
from app.settings import Settings

LIFETIME = timedelta(hours=1)


def may_lend(settings: Settings) -> bool:
    """Whether a server works on our SQLite file right now, and we may write it too."""
    file = _file(settings)
    return file is not None and os.access(file, os.W_OK) and _is_served(file)


@contextmanager
def lent_token(settings: Settings) -> Iterator[str]:
    """A token that counts while the block runs."""
    token, now = new_token(), datetime.now(UTC)
    name = command_token_name(secrets.token_hex(6))
    facts = TokenFacts(name, operator_name(), now, now + LIFETIME, None)
    db = Database(settings.history_url, pool_size=1)
    try:
        store.add_token(db, fingerprint(token), facts)
        try:
            yield token
        finally:
            # Somebody may have revoked it meanwhile; should the database be locked, it ends by itself.
            with suppress(Problem, OperationalError):
                store.remove_token(db, facts.name)
    finally:
        db.close()


def _file(settings: Settings) -> Path | None:
    if not is_sqlite(settings.history_url):
        return None
    file = Path(make_url(settings.history_url).database or "")
    return file if file.is_file() else None


def _is_served(file: Path) -> bool:
    lease = FileLease(file, "", "")
    try:
        lease.claim()
    except InstanceTakenError:
        return True
    lease.give_up()
    return False

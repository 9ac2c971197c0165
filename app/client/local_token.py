"""A token for one command, for whoever may write the server's own database anyway. Must never leave this machine.

It is lent only to the address that the server wrote into the lock file of that very database, while it holds the lock:
nobody who merely listens on the port gets one. It is taken back when the command ends, and ends by itself within the
hour.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import OperationalError

from app.auth import store
from app.auth.names import command_token_name
from app.auth.secret import fingerprint, new_token
from app.auth.store import TokenFacts
from app.auth.terminal import operator_name
from app.db import Database, database_file, is_sqlite
from app.errors import Problem
from app.lock_file import current_holder
from app.operations.lease import lock_path
from app.settings import Settings

LIFETIME = timedelta(hours=1)


def served_address(settings: Settings) -> str:
    """Where the server that works on our SQLite file said it serves; "" where none does, or none can be trusted."""
    if not is_sqlite(settings.history_url):
        return ""
    holder = current_holder(lock_path(database_file(settings.history_url)))
    return holder.address if holder is not None else ""


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

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
from app.db import Database
from app.errors import Problem
from app.settings import Settings

LIFETIME = timedelta(hours=1)


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

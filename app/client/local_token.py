"""A token for one command, for users who can write the server's own database anyway. It never leaves this machine.

It is sent only to the address that the server wrote into the lock file of that database, while the server holds the
lock: another process that listens on the port does not get it. It is deleted when the command ends, and expires within
the hour.
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
    """Yield a token that is valid while the block runs."""
    token, now = new_token(), datetime.now(UTC)
    name = command_token_name(secrets.token_hex(6))
    facts = TokenFacts(name, operator_name(), now, now + LIFETIME, None)
    db = Database(settings.history_url, pool_size=1)
    try:
        store.add_token(db, fingerprint(token), facts)
        try:
            yield token
        finally:
            # It may be revoked already; if the database is locked, the token expires.
            with suppress(Problem, OperationalError):
                store.remove_token(db, facts.name)
    finally:
        db.close()

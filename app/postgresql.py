"""Connections to PostgreSQL with timeouts: a server that went silent is detected within seconds.

A lost machine, or a network that drops packets, sends no reset. TCP's own timeouts are minutes, and if only the server
process hangs, TCP detects nothing at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import make_url

# Seconds: for a new connection, and for the answer to one statement.
CONNECTS_WITHIN = 5
ANSWERS_WITHIN = 10.0
# Between two checks of a server from which notifications are awaited.
ASKED_EVERY = 5.0
# libpq's own, if a database URL does not set them: a dead peer is detected without a statement of ours.
SETTINGS: dict[str, int] = {
    "connect_timeout": CONNECTS_WITHIN,
    "tcp_user_timeout": 10_000,  # milliseconds
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
}
_answers_within: ContextVar[float] = ContextVar("answers_within", default=ANSWERS_WITHIN)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Allow this thread's statements more time while the block runs: a migration rewrites whole tables."""
    token = _answers_within.set(seconds)
    try:
        yield
    finally:
        _answers_within.reset(token)


def connector(url: str) -> Callable[[], Any]:
    """Return a function that opens a connection to `url`, for SQLAlchemy's `creator`.

    A connection raises `psycopg.OperationalError` if an answer takes longer than `ANSWERS_WITHIN`, and is then closed:
    it is unknown whether the statement was carried out.
    """
    arguments, options = PGDialect_psycopg().create_connect_args(make_url(url))  # type: ignore[no-untyped-call]

    def connect() -> Any:
        return _connection_class().connect(*arguments, **{**SETTINGS, **options})

    return connect


@cache
def _connection_class() -> Any:
    import psycopg  # noqa: PLC0415  (a sixth of a second at start, which SQLite does not need)

    class ImpatientConnection(psycopg.Connection[Any]):
        """A connection with a timeout for each wait."""

        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            limit = _answers_within.get() if timeout is None else timeout
            began = time.monotonic()
            try:
                return super().wait(gen, interval, limit)
            except psycopg.OperationalError as error:
                if timeout is not None or time.monotonic() - began < limit:
                    raise
                self.close()
                raise psycopg.OperationalError(f"PostgreSQL did not answer within {limit:.0f} s") from error

        def notifies(self, *, timeout: float | None = None, stop_after: int | None = None) -> Any:
            """Yield notifications, however long none arrives: meanwhile the server is checked."""
            if timeout is not None or stop_after is not None:
                yield from super().notifies(timeout=timeout, stop_after=stop_after)
                return
            while True:
                yield from super().notifies(timeout=ASKED_EVERY)
                self.execute("SELECT 1")

    return ImpatientConnection

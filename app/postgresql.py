"""Connections to PostgreSQL with timeouts: a server that went silent is detected within seconds.

A lost machine, or a network that drops packets, sends no reset. TCP's own timeouts are minutes, and if only the server
process hangs, TCP detects nothing at all. It is the same the other way round: a server keeps the transaction, and so the
locks, of a client that went silent for about two hours.
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
# The server's own for each session, in milliseconds beyond `ANSWERS_WITHIN`: it ends a transaction whose client sends
# nothing more, and a statement whose answer is no longer awaited. Otherwise those that wait for the same lock would get
# it one after the other, each for as long. https://www.postgresql.org/docs/current/runtime-config-client.html
LIMITS = {"statement_timeout": 1000, "idle_in_transaction_session_timeout": 0}
# Its checks of a client's machine, in seconds; only that ends a session that is in the middle of a statement's messages.
_CHECKS = {"tcp_keepalives_idle": 5, "tcp_keepalives_interval": 3, "tcp_keepalives_count": 3}
_SET = (
    "SELECT set_config(name, given.number, false)"
    " FROM pg_settings JOIN unnest(%s::text[], %s::text[]) AS given (name, number) USING (name)"
    " WHERE source <> 'client'"  # what the URL sets
)
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
    it is unknown whether the statement was carried out. The server ends it too if it waits as long in a transaction.
    """
    arguments, options = PGDialect_psycopg().create_connect_args(make_url(url))  # type: ignore[no-untyped-call]

    def connect() -> Any:
        connection = _connection_class().connect(*arguments, **SETTINGS | options | {"autocommit": True})
        limits = {name: round(ANSWERS_WITHIN * 1000) + beyond for name, beyond in LIMITS.items()}
        names, numbers = zip(*(limits | _CHECKS).items(), strict=True)
        # Not as the connection's options: some proxies refuse them.
        connection.execute(_SET, (list(names), [str(number) for number in numbers]))
        connection.autocommit = False
        return connection

    return connect


@contextmanager
def _closed_if(error: type[Exception], connection: Any) -> Iterator[None]:
    try:
        yield
    except error:
        connection.close()
        raise


@cache
def _connection_class() -> Any:
    import psycopg  # noqa: PLC0415  (a sixth of a second at start, which SQLite does not need)

    class Cursor(psycopg.Cursor[Any]):
        """A cursor after whose statements the server minds its limits, and that ends a session which may not write.

        Such a session may stay so once the server can be written again, or is no longer the primary: only a new one tells.
        """

        def execute(self, *args: Any, **kwargs: Any) -> Any:
            with _closed_if(psycopg.errors.ReadOnlySqlTransaction, self.connection):
                return super().execute(*args, **kwargs)

        def executemany(self, *args: Any, **kwargs: Any) -> None:
            with _closed_if(psycopg.errors.ReadOnlySqlTransaction, self.connection):
                super().executemany(*args, **kwargs)
            # The driver's last message is a Flush, after which PostgreSQL no longer counts the session as idle.
            self.connection.execute("SELECT 1")

    class ImpatientConnection(psycopg.Connection[Any]):
        """A connection with a timeout for each wait."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.cursor_factory = Cursor

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

"""The database: engine, sessions and column types for SQLite and PostgreSQL. Knows no table."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    create_engine,
    event,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql as postgresql_dialect
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import NullType, TypeDecorator

from app import postgresql
from app.files import ensure_private
from app.outage import Outage
from app.sqlite_file import SameFile, Turn

T = TypeVar("T")

# Named, so that a migration can drop what an earlier one created, on every database.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# An empty value is SQL NULL, never the JSON document null.
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

# Seconds of idleness after which a connection to PostgreSQL is checked before use.
PING_AFTER = 5.0
IDLE_SINCE = "idle_since"
# The first half of the number of a PostgreSQL advisory lock on a key; `operations.lease` uses another one.
LOCKED_KEYS = 7_245_279
# Seconds that a write on SQLite waits for the other threads of this process, and then for other processes.
TURN_WITHIN, UNLOCKED_WITHIN = 10.0, 5.0


def lock_on(key: ColumnElement[str]) -> ColumnElement[None]:
    """Return the expression that locks a key on PostgreSQL until the transaction ends, once for each row."""
    return _lock_on_number(func.hashtext(key))


def _lock_on_number(number: ColumnElement[int]) -> ColumnElement[None]:
    return func.pg_advisory_xact_lock(LOCKED_KEYS, number, type_=NullType())


# In the order of their numbers, on which all transactions agree, so that two never deadlock: keys may share one.
_NUMBER = func.hashtext(func.unnest(bindparam("keys", type_=ARRAY(String))).column_valued("key"), type_=Integer)
_NUMBERS = select(_NUMBER.label("number")).distinct().order_by("number").subquery()
_LOCKS = select(_lock_on_number(_NUMBERS.c.number))


def allow_idle(connection: Connection, seconds: float) -> None:
    """Let PostgreSQL wait so long for this transaction's next statement: its block works on other things meanwhile."""
    _set_for_transaction(connection, "idle_in_transaction_session_timeout", seconds)


def allow_long(connection: Connection, seconds: float) -> None:
    """Let a statement of this transaction, and the work between two, take so long on PostgreSQL: `patience` is only ours."""
    for name in postgresql.LIMITS:
        _set_for_transaction(connection, name, seconds)


def _set_for_transaction(connection: Connection, name: str, seconds: float) -> None:
    connection.execute(select(func.set_config(name, str(round(seconds * 1000)), True)))


class Base(DeclarativeBase):
    """The base of our tables; the engine's tables are its own."""

    metadata = MetaData(naming_convention=NAMING)


def table_of(model: type[Base]) -> Table:
    """Return a model's table, for statements that need none of the ORM's objects."""
    return cast("Table", model.__table__)


def insert_into(session: Session, model: type[Base]) -> sqlite.Insert | postgresql_dialect.Insert:
    """Return an INSERT for the session's database, which can say what is done with a row that exists."""
    table = table_of(model)
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql_dialect.insert(table)


def chunks(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Yield `items` in pieces of at most `size`, for statements that can't take them all."""
    rest = iter(items)
    while chunk := tuple(islice(rest, size)):
        yield chunk


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time. SQLite stores no zone, so it is added when reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """Opens short sessions. `read()` never writes; `write()` commits if its block succeeds, else rolls back."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = url
        self.outage = Outage()
        self.engine = _sqlite(url, pool_size) if is_sqlite(url) else _postgresql(url, pool_size)
        self._writer = self.engine.execution_options(writes=True)
        # On PostgreSQL each statement sees what is committed at its start, transaction or not: two round trips less.
        self._reader = self.engine if is_sqlite(url) else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._turn = Turn(TURN_WITHIN) if is_sqlite(url) else nullcontext()
        self._shared = threading.local()

    @contextmanager
    def one_transaction(self) -> Iterator[None]:
        """Make one transaction of all that this thread reads and writes within the block, so that one commit serves all.

        A `write()` within it that raises takes back what it wrote, and nothing else.
        """
        with self.outage.noticed(writes=True), self._turn, self._writer.connect() as connection, connection.begin():
            self._shared.connection = connection
            try:
                yield
            finally:
                self._shared.connection = None

    def _within(self) -> Session | None:
        """A session of the transaction that this thread shares; None where it shares none."""
        connection = getattr(self._shared, "connection", None)
        if connection is None:
            return None
        return Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Yield a session for reading; on SQLite all its statements see the same snapshot."""
        if (within := self._within()) is not None:
            with within as session:
                yield session
            return
        with self.outage.noticed(writes=False), Session(self._reader, expire_on_commit=False) as session:
            yield session

    def ping(self) -> None:
        """Check that the database answers."""
        with self.read() as session:
            session.execute(text("SELECT 1"))

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Yield a session whose transaction may write from its first statement on."""
        if (within := self._within()) is not None:
            with within as session, session.begin():
                yield session
            return
        with (
            self.outage.noticed(writes=True),
            self._turn,
            Session(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def lock(self, session: Session, keys: Iterable[str]) -> None:
        """Hold every key exclusively until the session's transaction ends: another transaction that needs one waits.

        On SQLite a transaction that may write is exclusive anyway.
        """
        if is_sqlite(self.url):
            return
        session.execute(_LOCKS, {"keys": list(keys)})

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def refresh_statistics(db: Database) -> None:
    """Count on SQLite what its planner goes by; without, it takes every index for equally good. PostgreSQL does it itself.

    A sample of each index is enough, so that it takes some milliseconds.
    """
    if is_sqlite(db.url):
        with db.write() as session:
            session.execute(text("PRAGMA analysis_limit = 1000"))
            session.execute(text("ANALYZE"))


def is_sqlite(url: str) -> bool:
    """Return whether `url` names an SQLite database."""
    return make_url(url).get_backend_name() == "sqlite"


def database_file(url: str) -> Path:
    """Return the file of an SQLite database."""
    return Path(make_url(url).database or "")


def _postgresql(url: str, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        creator=postgresql.connector(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        # Whatever the database's default: after a lock was waited for, the next statement must see what is committed.
        isolation_level="READ COMMITTED",
        hide_parameters=True,
    )
    event.listen(engine, "checkin", _note_idle)
    event.listen(engine, "checkout", _ping_idle)
    return engine


def _note_idle(_connection: object, record: Any) -> None:
    record.info[IDLE_SINCE] = time.monotonic()


def _ping_idle(connection: Any, record: Any, _proxy: object) -> None:
    """Check a connection that has been idle, which may be dead; checking each use costs more than most queries."""
    if time.monotonic() - record.info.get(IDLE_SINCE, math.inf) < PING_AFTER:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except connection.OperationalError as error:
        raise InvalidatePoolError from error


def _sqlite(url: str, pool_size: int) -> Engine:
    # isolation_level None: the driver begins no transaction, `_begin` does.
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        connect_args={"timeout": UNLOCKED_WITHIN, "isolation_level": None, "check_same_thread": False},
        hide_parameters=True,  # errors are logged: they must hold no person's input and no policy
    )
    event.listen(engine, "do_connect", _keep_private)
    event.listen(engine, "connect", _set_pragmas)
    same_file = SameFile(database_file(url))
    event.listen(engine, "connect", same_file.note)
    event.listen(engine, "checkout", same_file.check)
    event.listen(engine, "begin", _begin)
    return engine


def _keep_private(_dialect: object, _record: object, arguments: list[Any], _options: object) -> None:
    """Create the SQLite file as private: SQLite would create a readable one, and gives its side files the same mode."""
    with suppress(OSError):  # SQLite reports what is wrong with the path
        ensure_private(Path(arguments[0]))


def _set_pragmas(connection: Any, _record: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later can fail at its first write; one that may write begins so, and
    # waits its turn.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

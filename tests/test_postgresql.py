"""A PostgreSQL that goes silent without a reset."""

import contextlib
import threading
import time
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from app import postgresql
from app.db import Database, allow_idle
from app.history import store
from app.migrate import migrate
from app.outage import is_outage
from tests.console import until
from tests.postgres_server import postgres_server, postgres_url
from tests.silence import Relay

__all__ = ["postgres_server", "postgres_url"]

pytestmark = pytest.mark.postgres
ALIKE = text(
    "SELECT min(key), max(key) FROM (SELECT 'key ' || n AS key FROM generate_series(1, 300000) AS n) AS keys"
    " GROUP BY hashtext(key) HAVING count(*) > 1 LIMIT 1"
)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
TWO = [
    store.NewOperation(
        f"of {who}", "grant", "default", "us-east-1", "storefront", "storefront/web", "same", who, ("update_policy",)
    )
    for who in ("mika", "ken")
]


@pytest.fixture
def relay(postgres_url):
    with Relay(make_url(postgres_url).query["host"]) as running:
        yield running


@pytest.fixture
def db(postgres_url, relay):
    url = make_url(postgres_url).set(host="127.0.0.1", port=relay.port, query={})
    database = Database(url.render_as_string(hide_password=False))
    yield database
    database.close()


def ask(db) -> int:
    with db.read() as session:
        return session.scalar(text("SELECT 1"))


def test_a_silent_server_is_noticed_and_the_next_connection_works(db, relay):
    ask(db)
    relay.fall_silent()
    began = time.monotonic()
    with postgresql.patience(1), pytest.raises(OperationalError, match="did not answer within 1 s"):
        ask(db)
    assert time.monotonic() - began < 5
    assert ask(db) == 1


def test_what_may_take_long_is_waited_for(db):
    with postgresql.patience(0.2), pytest.raises(OperationalError, match="did not answer"), db.read() as session:
        session.execute(text("SELECT pg_sleep(2)"))
    with postgresql.patience(5), db.read() as session:
        session.execute(text("SELECT pg_sleep(0.5)"))


def test_a_connection_that_awaits_notifications_is_kept_while_none_comes(db, monkeypatch):
    monkeypatch.setattr(postgresql, "ASKED_EVERY", 0.2)
    with postgresql.patience(1), db.engine.connect() as listening:
        connection = listening.connection.driver_connection
        connection.autocommit = True
        connection.execute("LISTEN news")
        notifications = connection.notifies()
        timer = threading.Timer(1.5, notify, (db,))
        timer.start()
        assert next(notifications).payload == "late"
        timer.join()
        notifications.close()


def notify(db) -> None:
    with db.write() as session:
        session.execute(text("SELECT pg_notify('news', 'late')"))


def test_a_server_that_falls_silent_is_noticed_while_notifications_are_awaited(db, relay, monkeypatch):
    monkeypatch.setattr(postgresql, "ASKED_EVERY", 0.2)
    with postgresql.patience(1), db.engine.connect() as listening:
        connection = listening.connection.driver_connection
        connection.autocommit = True
        relay.fall_silent()
        with pytest.raises(psycopg.OperationalError, match="did not answer within 1 s"):
            next(connection.notifies())
        listening.invalidate()


def hold(db, key: int) -> None:
    """Wait for a lock, and hold it until the transaction ends."""
    with db.write() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(1, :key)"), {"key": key})


@pytest.fixture
def holding(db):
    """A transaction that holds a lock, and whose connection is silent in the end."""
    with contextlib.suppress(OperationalError), db.write() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(1, 1)"))
        yield


@pytest.fixture
def other_replica(postgres_url):
    """The same database, without the relay."""
    database = Database(postgres_url)
    yield database
    database.close()


@pytest.fixture
def brief_limits(monkeypatch):
    monkeypatch.setattr(postgresql, "ANSWERS_WITHIN", 1.0)


@pytest.mark.usefixtures("brief_limits", "holding")
def test_what_a_client_held_that_went_silent_is_free_again_soon(other_replica, relay):
    relay.fall_silent()
    hold(other_replica, 1)


@pytest.mark.usefixtures("brief_limits", "holding")
def test_silent_clients_that_wait_for_a_lock_do_not_hold_it_one_after_the_other(db, other_replica, relay):
    waiting = [threading.Thread(target=hold_in_vain, args=(db, 1)) for _ in range(8)]
    for each in waiting:
        each.start()
    until(lambda: count_waiting(db), lambda count: count == len(waiting))
    relay.fall_silent()
    began = time.monotonic()
    until(lambda: is_free(other_replica, 1))
    assert time.monotonic() - began < len(waiting)
    for each in waiting:
        each.join()


def hold_in_vain(db, key: int) -> None:
    with pytest.raises(OperationalError):
        hold(db, key)


def is_free(db, key: int) -> bool:
    with db.write() as session:
        return session.scalar(text("SELECT pg_try_advisory_xact_lock(1, :key)"), {"key": key})


def count_waiting(db) -> int:
    with db.read() as session:
        return session.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))


def test_what_may_take_long_is_not_ended_by_the_server(db, monkeypatch):
    monkeypatch.setattr(postgresql, "ANSWERS_WITHIN", 0.2)
    with db.write() as session:
        allow_idle(session.connection(), 10)
        time.sleep(0.5)
        assert session.scalar(text("SELECT 1")) == 1
    with pytest.raises(DBAPIError, match="idle-in-transaction") as ended:
        be_idle(db, 0.5)
    assert is_outage(ended.value)
    assert ask(db) == 1


@pytest.mark.usefixtures("brief_limits")
def test_a_transaction_that_is_idle_after_many_rows_of_one_statement_is_ended_too(db, other_replica):
    with contextlib.suppress(DBAPIError), db.write() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(1, :key)"), [{"key": 1}, {"key": 2}])
        until(lambda: is_free(other_replica, 2), seconds=10)


def be_idle(db, seconds: float) -> None:
    with db.write() as session:
        session.execute(text("SELECT 1"))
        time.sleep(seconds)
        session.execute(text("SELECT 1"))


def test_limits_in_the_database_url_take_precedence(postgres_url):
    options = {"options": "-c statement_timeout=77s"}
    database = Database(make_url(postgres_url).update_query_dict(options).render_as_string(hide_password=False))
    with database.read() as session:
        limits = [session.scalar(text(f"SHOW {name}")) for name in postgresql.LIMITS]
    database.close()
    assert limits == ["77s", "10s"]


def test_requests_are_decided_one_after_the_other_whatever_isolation_the_database_has_by_default(postgres_url):
    options = {"options": "-c default_transaction_isolation=repeatable\\ read"}
    database = Database(make_url(postgres_url).update_query_dict(options).render_as_string(hide_password=False))
    migrate(database)
    deciding, answers = threading.Event(), []

    def join(_new, live) -> str:
        if not deciding.is_set():
            deciding.set()
            until(lambda: waits_for_a_lock(database))
        return live[0].id if live else ""

    def request(new: store.NewOperation) -> None:
        answers.append(store.insert_or_join(database, new, join, NOW))

    threads = [threading.Thread(target=request, args=(new,)) for new in TWO]
    threads[0].start()
    deciding.wait(10)
    threads[1].start()
    for thread in threads:
        thread.join(20)
    database.close()
    assert sorted(is_new for _, is_new in answers) == [False, True]


def waits_for_a_lock(database) -> int:
    with database.read() as session:
        return session.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))


def test_keys_with_one_lock_between_them_never_deadlock(postgres_url):
    """Two keys may have the same hash, and then they are one lock with two places in the order of names."""
    database = Database(postgres_url)
    with database.read() as session:
        key, twin = session.execute(ALIKE).one()
    gate, other = f"{key} gate", f"{key} other"
    refused: list[Exception] = []

    def lock(*keys: str) -> None:
        try:
            with database.write() as session:
                database.lock(session, keys)
        except OperationalError as error:
            refused.append(error)

    first, second = (threading.Thread(target=lock, args=keys) for keys in ((key, gate, other), (other, twin)))
    with database.write() as session:
        database.lock(session, [gate])
        first.start()
        until(lambda: waits_for_a_lock(database))
        second.start()
        until(lambda: waits_for_a_lock(database) == 2 or not second.is_alive())
    for thread in (first, second):
        thread.join(20)
    database.close()
    assert refused == []


def test_sessions_that_were_opened_while_nothing_could_be_written_are_replaced(postgres_url, postgres_server):
    """A session keeps such a default of its database for as long as it lives."""
    name = make_url(postgres_url).database
    with psycopg.connect(postgres_server, autocommit=True) as administrator:
        administrator.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        database = Database(postgres_url)
        with database.read() as one, database.read() as other:
            assert (one.scalar(text("SELECT 1")), other.scalar(text("SELECT 1"))) == (1, 1)
        administrator.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
    try:
        with pytest.raises(DBAPIError, match="read-only transaction") as refused, database.write() as session:
            session.execute(text("CREATE TABLE kept (what text)"))
        assert is_outage(refused.value)
        for what in ("one", "other"):
            with database.write() as session:
                session.execute(text(f"CREATE TABLE {what} (what text)"))
    finally:
        database.close()

"""One log line for each outage of a database, however many parts detect it."""

import logging

import pytest
from psycopg import errors
from sqlalchemy.exc import DatabaseError, IntegrityError, InternalError, OperationalError

from app.outage import FORGOTTEN_AFTER, SAME_WITHIN, EngineLog, Outage, is_outage


def by_driver(error, said):
    """A driver's error as SQLAlchemy names it in a message."""
    return f"({error.__module__}.{error.__qualname__}) {said}"


# What the engine wrote about a server that was restarted, or silent.
OF_THE_ENGINE = [
    "Database connection failed: (psycopg.OperationalError) connection is bad. Retrying in 1.20s (attempt 1)",
    "Exception encountered in queue thread for operations: (psycopg.OperationalError) server closed the connection",
    "Exception listing queues: (psycopg.OperationalError) connection refused",
    "Exception polling schedules: Traceback (most recent call last):\n  …\nsqlalchemy.exc.OperationalError: "
    + by_driver(errors.ConnectionTimeout, "connection timeout expired"),
    f"Exception in queue thread: {by_driver(errors.AdminShutdown, 'terminating connection')}",
    "Notification listener error: PostgreSQL did not answer within 10 s",
    "Fallback notification poll failed",
]


class Monotonic:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def monotonic():
    return Monotonic()


@pytest.fixture
def outage(monotonic):
    return Outage("the database", monotonic)


@pytest.fixture
def engine(outage):
    """The engine's log, as the process sees it."""
    logger = logging.getLogger("test_outage.engine")
    quiet = EngineLog(outage)
    logger.addFilter(quiet)
    yield logger
    logger.removeFilter(quiet)


def failed(message="connection refused"):
    return OperationalError("SELECT 1", {}, Exception(message))


def lines(caplog) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_which_part_of_the_engine_notices_an_outage_first_is_not_told(engine, caplog):
    engine.warning("Notification listener error: PostgreSQL did not answer within 10 s")
    assert lines(caplog) == ["the database cannot be used: PostgreSQL did not answer within 10 s"]


def test_an_outage_is_one_line_at_its_begin_and_one_at_its_end(outage, engine, monotonic, caplog):
    for message in OF_THE_ENGINE:
        engine.warning(message)
    for _ in range(100):
        with pytest.raises(OperationalError), outage.noticed(writes=True):
            raise failed()
    monotonic.now = 3
    with outage.noticed(writes=True):
        pass
    for message in OF_THE_ENGINE:  # its own connections are noticed last
        engine.warning(message)
    assert [line.partition(":")[0] for line in lines(caplog)] == [
        "the database cannot be used",
        "the database can be used again after 3.0 s",
    ]


def test_what_the_database_said_is_told_without_the_engines_words(engine, caplog):
    engine.error(
        "Exception in background job delayed_workflows: (psycopg.OperationalError) no answer within 10 s\n[SQL…"
    )
    assert lines(caplog) == ["the database cannot be used: no answer within 10 s"]


def test_a_traceback_of_the_engine_about_the_database_is_not_logged(engine, caplog):
    try:
        raise failed()
    except OperationalError:
        engine.exception("Exception encountered in asynchronous workflow:")
    assert lines(caplog) == ["the database cannot be used: connection refused"]
    assert caplog.records[0].exc_info is None


@pytest.mark.parametrize(
    "message",
    [
        "Error recovering workflow",
        "Exception in queue thread: 'NoneType' object",
        f"Exception in queue thread: {by_driver(errors.DeadlockDetected, 'deadlock detected')}",
        f"Exception in queue thread: {by_driver(errors.UniqueViolation, 'duplicate key value')}",
    ],
)
def test_whatever_else_the_engine_says_is_logged(engine, caplog, message):
    engine.warning(message)
    assert lines(caplog) == [message]


def test_the_next_outage_is_logged_again(outage, monotonic, caplog):
    for _ in range(2):
        outage.began("connection refused")
        outage.over()
        monotonic.now += SAME_WITHIN + 1
    assert len(lines(caplog)) == 4


def test_reading_does_not_end_an_outage_of_writes(outage, caplog):
    with pytest.raises(OperationalError), outage.noticed(writes=True):
        raise failed("database or disk is full")
    with outage.noticed(writes=False):
        pass
    assert outage.is_on
    assert len(lines(caplog)) == 1


def test_a_read_that_fails_too_does_not_let_reading_end_an_outage_of_writes(outage):
    for writes in (True, False):
        with pytest.raises(OperationalError), outage.noticed(writes=writes):
            raise failed("disk I/O error")
    with outage.noticed(writes=False):
        pass
    assert outage.is_on


@pytest.mark.parametrize(
    "error, away",
    [
        (failed(), True),
        (DatabaseError("SELECT 1", {}, Exception("database disk image is malformed")), True),
        (IntegrityError("INSERT", {}, Exception("UNIQUE constraint failed")), False),
        (
            InternalError("UPDATE", {}, type("Error", (Exception,), {"sqlstate": "25006"})("read-only transaction")),
            True,
        ),
        (InternalError("UPDATE", {}, errors.IdleInTransactionSessionTimeout("terminating connection")), True),
        (InternalError("UPDATE", {}, errors.InternalError("got no result from the query")), True),  # the driver's own
        (InternalError("UPDATE", {}, errors.InternalError_("cache lookup failed")), False),
        (OperationalError("UPDATE", {}, type("Error", (Exception,), {"sqlstate": "40P01"})("deadlock")), False),
        (ValueError("a value"), False),
    ],
)
def test_what_counts_as_an_outage(error, away):
    assert is_outage(error) is away


def test_one_that_comes_right_after_another_and_stays_is_logged(outage, monotonic, caplog):
    outage.began("connection refused")
    outage.over()
    for monotonic.now in (5, 20, 36):
        outage.began("connection refused")
    assert len(lines(caplog)) == 3


def test_one_whose_end_nobody_saw_is_logged_again_after_a_while(outage, monotonic, caplog):
    outage.began("database or disk is full")
    monotonic.now = FORGOTTEN_AFTER + 1
    outage.began("database or disk is full")
    assert len(lines(caplog)) == 2

"""Connections to PostgreSQL that died while idle."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app import db as module
from app.db import Database
from tests.postgres_server import migrated_postgres_url, postgres_server

__all__ = ["migrated_postgres_url", "postgres_server"]

pytestmark = pytest.mark.postgres


@pytest.fixture
def database(migrated_postgres_url):
    database = Database(migrated_postgres_url)
    yield database
    database.close()


def answer(database) -> int:
    with database.read() as session:
        return session.scalar(text("SELECT 42"))


@pytest.fixture
def restart(database, migrated_postgres_url):
    """Ends every connection of the database, as a restart of its server does."""

    def end_all() -> None:
        other = Database(migrated_postgres_url)
        mine = "pid <> pg_backend_pid() AND datname = current_database()"
        with other.write() as session:
            session.execute(text(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {mine}"))
        other.close()

    return end_all


def test_one_that_was_idle_is_replaced_unseen(database, restart, monkeypatch):
    monkeypatch.setattr(module, "PING_AFTER", 0.0)
    assert answer(database) == 42
    restart()
    assert answer(database) == 42


def test_after_one_that_was_just_in_use_all_are_replaced(database, restart):
    with database.read() as one, database.read() as other:
        assert (one.scalar(text("SELECT 1")), other.scalar(text("SELECT 1"))) == (1, 1)
    restart()
    with pytest.raises(OperationalError):
        answer(database)
    assert [answer(database) for _ in range(3)] == [42, 42, 42]

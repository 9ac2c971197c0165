"""Databases for tests: one of each kind with our tables in it, and a count of their statements.

A `conftest.py` imports the fixtures that its tests want.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from app.db import Database
from app.migrate import migrate
from tests.postgres_server import migrated_postgres_url, postgres_server

__all__ = ["db", "migrated_file", "migrated_postgres_url", "postgres_server", "query_plans", "sqlite_db", "statements"]


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory) -> Path:
    """An SQLite file with our tables in it, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "sailpass.db"
    database = Database(f"sqlite:///{file}")
    migrate(database)
    database.close()
    return file


@pytest.fixture
def sqlite_db(migrated_file, tmp_path) -> Iterator[Database]:
    """A migrated database in a file of its own."""
    database = Database(f"sqlite:///{shutil.copy(migrated_file, tmp_path)}")
    yield database
    database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def db(request) -> Iterator[Database]:
    """A migrated database, once of each kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_db")
        return
    database = Database(request.getfixturevalue("migrated_postgres_url"))
    yield database
    database.close()


@contextmanager
def _noted(database: Database, note: Callable[[str, Any], None]) -> Iterator[None]:
    """Call `note` with each statement that the block sends, and its values."""

    def listen(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        note(statement, values)

    event.listen(database.engine, "before_cursor_execute", listen)
    try:
        yield
    finally:
        event.remove(database.engine, "before_cursor_execute", listen)


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The SQL statements that the block sends, in order."""
    sent: list[str] = []
    with _noted(database, lambda statement, _: sent.append(statement)):
        yield sent


def query_plans(database: Database, ask: Callable[[], object]) -> list[str]:
    """How SQLite finds the rows of each SELECT that `ask` sends."""
    sent: list[tuple[str, Any]] = []
    with _noted(database, lambda statement, values: sent.append((statement, values))):
        ask()
    with database.engine.connect() as connection:
        return [
            "; ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values))
            for statement, values in sent
            if statement.startswith("SELECT")
        ]

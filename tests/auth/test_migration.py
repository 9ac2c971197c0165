"""From the release before: its rows stay valid, and rows that it writes meanwhile are accepted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from app.auth import sessions, tokens
from app.auth.scopes import Scope
from app.db import Database
from app.migrate import MIGRATIONS, migrate
from tests.postgres_server import postgres_url

__all__ = ["postgres_url"]

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SESSION = (
    "INSERT INTO sign_in_sessions (hash, person, created_at, seen_at, expires_at)"
    " VALUES (:hash, 'mika', '2026-03-01 12:00:00', '2026-03-01 12:00:00', '2026-03-15 12:00:00')"
)
TOKEN = (
    "INSERT INTO api_tokens (name, hash, created_by, created_at) VALUES (:hash, :hash, 'mika', '2026-03-01 12:00:00')"
)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def old(request, tmp_path) -> Iterator[Database]:
    """A database of the release before."""
    is_file = request.param == "sqlite"
    database = Database(f"sqlite:///{tmp_path / 'old.db'}" if is_file else request.getfixturevalue("postgres_url"))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        connection.commit()
    yield database
    database.close()


def as_the_release_before(database: Database, hashed: str) -> None:
    with database.write() as session:
        for statement in (SESSION, TOKEN):
            session.execute(text(statement), {"hash": hashed})


def test_sessions_and_tokens_of_the_release_before_count_on(old):
    as_the_release_before(old, "before")
    assert migrate(old)
    as_the_release_before(old, "meanwhile")
    for hashed in ("before", "meanwhile"):
        assert sessions.find_session(old, hashed, NOW).person == "mika"
        assert tokens.find_token(old, hashed, NOW).scope == Scope.CHANGE
    assert {(session.address, session.browser) for session in sessions.list_sessions(old, NOW)} == {("", "")}

"""A console's data folder, and histories in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.auth.models import ApiToken, SignInLink, SignInSession
from app.db import Database
from app.history.models import Operation, PolicyChange, Step
from app.inventory.models import ConnectionIdentity, PolicyPrincipal, RegionReading, SeenRepository, SeenService
from app.migrate import migrate
from app.operations.models import Instance
from app.settings import Settings, load
from tests.databases import db, migrated_file, migrated_postgres_url, sqlite_db
from tests.history.happened import NOON, happened
from tests.postgres_server import postgres_server, postgres_url

__all__ = [
    "db",
    "migrated_file",
    "migrated_postgres_url",
    "postgres_server",
    "postgres_url",
    "sqlite_db",
]

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=300)
KEY = {"connection": "default", "region": "us-east-1"}


@pytest.fixture
def settings(tmp_path) -> Settings:
    return load(data_dir=tmp_path / "data")


@pytest.fixture
def history(settings) -> Iterator[Database]:
    """The history in the data folder, open."""
    settings.data_dir.mkdir(mode=0o700)
    database = Database(settings.history_url)
    migrate(database)
    yield database
    database.close()


def fill(database: Database) -> None:
    """A history with everything in it: work that ended and that runs, ways in, and what AWS looked like."""
    happened(database, "ended")
    running(database, "running")
    with database.write() as session:
        _add_ways_in(session)
        _add_inventory(session)


def running(database: Database, operation_id: str) -> None:
    """A grant in the middle of its policy write: recorded, sent perhaps, not answered."""
    step = Step(position=0, name="update_policy", state="running", attempts=1, request_ids=[], started_at=NOON)
    proof = Step(position=1, name="verify_access", state="pending", request_ids=[])
    write = PolicyChange(position=0, repository="a/b", before=None, after='{"sent": 1}', planned_at=NOON, **KEY)
    names = {"kind": "grant", "service": "s", "repository": "a/b", "subject": operation_id, "asked_by": "mika"}
    operation = Operation(
        id=operation_id, asked_at=NOON, started_at=NOON, input={}, steps=[step, proof], changes=[write], **names, **KEY
    )
    with database.write() as session:
        session.add(operation)


def _add_ways_in(session: Session) -> None:
    whose = {"person": "mika", "created_at": NOW, "expires_at": LATER}
    session.add(SignInLink(hash="link-secret", **whose))
    session.add(SignInSession(hash="session-secret", seen_at=NOW, **whose))
    session.add(ApiToken(name="ci", hash="token-secret", created_by="mika", created_at=NOW))
    session.add(Instance(name="one", token="t", place="host", version="v", started_at=NOW, beat_at=NOW))


def _add_inventory(session: Session) -> None:
    names = {"account": "123456789012", "seen_at": NOW}
    arns = {"role_arn": "", "general_arn": ""}
    session.add(SeenService(name="s", state="READY", role_active=True, facts={}, **arns, **names, **KEY))
    session.add(SeenRepository(name="seen-in-aws", registry_id="1", uri="u", arn="a", seen_at=NOW, **KEY))
    session.flush()
    session.add(PolicyPrincipal(repository="seen-in-aws", principal="p", kind="role", **KEY))
    session.add(RegionReading(what="services", succeeded_at=NOW, **KEY))
    session.add(ConnectionIdentity(connection="default", arn="a", **names))


def query(file: Path | str, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(sql).fetchall()


def change(file: Path, *statements: str) -> None:
    """Change a file as somebody would who has it in hand."""
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def operations_in(file: Path) -> list[str]:
    return [row[0] for row in query(file, "SELECT id FROM operations ORDER BY id")]


def rows_of(database: Database) -> dict[str, int]:
    """How many rows each table has that has any."""
    from sqlalchemy import func, select  # noqa: PLC0415

    from app.db import Base  # noqa: PLC0415

    with database.read() as session:
        counts = {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }
    return {name: count for name, count in counts.items() if count}

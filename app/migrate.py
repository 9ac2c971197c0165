"""Brings the database to the present tables. Never loses data; several replicas may call it at once."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from app.db import Database, is_sqlite

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
# Any fixed number: the PostgreSQL advisory lock that one replica at a time holds while it migrates.
LOCK = 7_245_277


def migrate(database: Database) -> bool:
    """Run the migrations that are missing, one process at a time. False: there were none."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    head = ScriptDirectory.from_config(config).get_current_head()
    with _alone(database) as connection:
        if MigrationContext.configure(connection).get_current_revision() == head:
            return False
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
    return True


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    if not is_sqlite(database.url):
        with database.engine.connect() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            yield connection
        return
    file = make_url(database.url).database
    if file is None or file == ":memory:":
        raise ValueError("history needs a database file")
    with Path(file + ".migrate-lock").open("w") as lock, database.engine.connect() as connection:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield connection

"""Brings the database to the present tables. Never loses data; several replicas may call it at once."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import make_url

from app import postgresql
from app.db import Database, is_sqlite

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
# Any fixed number: the PostgreSQL advisory lock that one replica at a time holds while it migrates.
LOCK = 7_245_277
# Seconds for a migration, and for another replica's to end.
MIGRATES_WITHIN = 3600.0


class NewerDatabaseError(Exception):
    """The database was migrated by a later release."""


def migrate(database: Database) -> bool:
    """Run the migrations that are missing, one process at a time. False: there were none.

    Raises:
        NewerDatabaseError: the tables are of a release that this one does not know.
    """
    with postgresql.patience(MIGRATES_WITHIN), _alone(database) as connection:
        present = _revision(connection)
        if present == head():
            return False
        if present > head():
            raise NewerDatabaseError(
                f"The database is of a later release (revision {present}, this one knows {head()}); "
                "start that release, or restore a backup."
            )
        _upgrade(connection)
    return True


def head() -> str:
    """The newest revision. Files are named for their revisions, which are numbered."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _revision(connection: Connection) -> str:
    """The revision of the tables, "" for an empty database. A start that has nothing to do loads no Alembic for it."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.scalar(text("SELECT version_num FROM alembic_version")) or ""


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415  (as above)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()


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

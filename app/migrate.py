"""Migrates the database. Loses no data; several replicas may call it at once.

Everything that opens the database calls it first: it finishes the restore of an SQLite file that a kill interrupted,
and refuses a database that must not be used.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from app import postgresql
from app.backup.mark import is_backup, is_foreign
from app.backup.swap import SwapError, finish_swap
from app.db import Database, allow_long, database_file, is_sqlite
from app.lock_file import exclusive
from app.outage import reason_of
from app.resources import MIGRATIONS
from app.settings import SettingsError

# Any fixed number: the PostgreSQL advisory lock that one replica at a time holds while it migrates.
LOCK = 7_245_277
# Seconds for a migration, and for another replica's to end.
MIGRATES_WITHIN = 3600.0


class DatabaseUnusableError(SettingsError):
    """A database that can't be used; its text says why, and what to do."""


class NewerDatabaseError(DatabaseUnusableError):
    """The database was migrated by a later release."""


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn errors of opening a database into one sentence. Raises DatabaseUnusableError."""
    try:
        yield
    except DBAPIError as error:
        raise DatabaseUnusableError(
            f"The database can't be used: {reason_of(error)}. Check that it runs, and SAILPASS_DATABASE_URL or "
            "SAILPASS_DATA_DIR."
        ) from error
    except OSError as error:
        raise DatabaseUnusableError(
            f"The database can't be opened: {error}. Check the folder in SAILPASS_DATA_DIR, and whose its files are."
        ) from error


def migrate(database: Database) -> bool:
    """Run the missing migrations, one process at a time. Return False if there were none.

    Raises:
        NewerDatabaseError: the tables are from a release that this one does not know.
        DatabaseUnusableError: an SQLite file is a link, a backup or not ours, or an interrupted restore can't be
            finished.
    """
    with postgresql.patience(MIGRATES_WITHIN), alone(database) as connection:
        present = present_revision(connection)
        if present == head():
            return False
        if present > head():
            raise NewerDatabaseError(
                f"The database is of a later release (revision {present}, this one knows {head()}); "
                "start that release, or restore a backup."
            )
        upgrade(connection)
    return True


def revisions() -> tuple[str, ...]:
    """Return every revision, oldest first. Files are named for their revisions, which are numbered."""
    return tuple(sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py")))


def head() -> str:
    """Return the newest revision."""
    return revisions()[-1]


def setup_lock_path(database: Path) -> Path:
    """Return the lock file for changing the tables of an SQLite file, or replacing the file."""
    return database.with_name(database.name + ".setup-lock")


def present_revision(connection: Connection) -> str:
    """Return the revision of the tables, "" for an empty database. A start without migrations does not load Alembic."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.scalar(text("SELECT version_num FROM alembic_version")) or ""


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Migrate a database that no other process uses to a revision."""
    from alembic import command  # noqa: PLC0415  (as above)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    connection.commit()


@contextmanager
def alone(database: Database) -> Iterator[Connection]:
    """Yield a connection while no other process changes the tables. Raises DatabaseUnusableError."""
    if not is_sqlite(database.url):
        with database.engine.connect() as connection:
            allow_long(connection, MIGRATES_WITHIN)
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            yield connection
        return
    file = database_file(database.url)
    with exclusive(setup_lock_path(file)):
        _make_ready(file)
        refuse_foreign(file)
        with database.engine.connect() as connection:
            yield connection


def ready_file(file: Path) -> None:
    """Finish the interrupted restore of an SQLite file, and refuse one that must not be used.

    Raises:
        DatabaseUnusableError: as `migrate`.
    """
    with exclusive(setup_lock_path(file)):
        _make_ready(file)


def refuse_foreign(file: Path) -> None:
    """Refuse a file that isn't ours, before anything beside it is created or changed. Raises DatabaseUnusableError."""
    if is_foreign(file):
        raise DatabaseUnusableError(
            f"{file} is not a Sailpass database; name another file with SAILPASS_DATABASE_URL, or another folder with "
            "SAILPASS_DATA_DIR. If it was one, restore a backup."
        )


def _make_ready(file: Path) -> None:
    try:
        finish_swap(file)
    except SwapError as error:
        raise DatabaseUnusableError(str(error)) from error
    if file.is_symlink():
        raise DatabaseUnusableError(
            f"{file} is a symbolic link, so two servers could use one database; "
            f"name the folder of {file.resolve()} with SAILPASS_DATA_DIR."
        )
    if is_backup(file):
        raise DatabaseUnusableError(
            f"{file} is a backup that was copied here, and would bring back what has been revoked since; "
            f"put it in place with: sailpass restore '{file}'"
        )

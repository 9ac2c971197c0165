"""Copies the rows of the history from one SQLite file to another. Only rows: tables come from migrations."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from app.backup.errors import BackupError
from app.backup.tables import KEPT
from app.db import Database
from app.files import ensure_private, sync_file
from app.migrate import revisions, upgrade

INTEGERS = frozenset({"INTEGER", "BIGINT"})


class DamagedError(BackupError):
    """A file that SQLite finds damaged."""


@contextmanager
def private_part(file: Path, *, keep: bool = False) -> Iterator[Path]:
    """Yield a new private file, deleted after the block; with `keep` only if the block fails. Raises OSError."""
    _delete(file)
    ensure_private(file)
    whole = False
    try:
        yield file
        whole = keep
    finally:
        if not whole:
            _delete(file)


def make_tables(part: Path, revision: str) -> None:
    """Fill an empty file with the tables of a revision."""
    database = Database(f"sqlite:///{part}", pool_size=1)
    try:
        with database.engine.connect() as connection:
            upgrade(connection, revision)
    finally:
        database.close()


def open_file(file: Path, *, frozen: bool = False) -> sqlite3.Connection:
    """Return a connection without implicit transactions; `frozen`: the file has no writer and no log beside it."""
    connection = sqlite3.connect(_address(file, frozen=frozen), uri=True, timeout=30, isolation_level=None)
    connection.execute("PRAGMA trusted_schema=OFF")
    return connection


def revision_of(connection: sqlite3.Connection, schema: str = "main") -> str:
    """Return the revision of a file's tables. Raises BackupError if it is not ours, or of a later release."""
    try:
        rows = connection.execute(f"SELECT version_num FROM {schema}.alembic_version").fetchall()  # noqa: S608  (ours)
    except sqlite3.OperationalError as error:
        raise BackupError("it is not a Sailpass database") from error
    all_revisions = revisions()
    if len(rows) != 1 or not isinstance(rows[0][0], str):
        raise BackupError("it is not a Sailpass database")
    revision: str = rows[0][0]
    if revision not in all_revisions:
        raise BackupError(f"it is of a later release (revision {revision[:20]}; this one knows {all_revisions[-1]})")
    return revision


def copy_history(source: Path, part: Path, *, frozen: bool = False) -> None:
    """Copy a snapshot of the history's rows, and check that both files are intact.

    Args:
        source: a database of ours, also one that is being written.
        part: a file with the tables of the same revision.
        frozen: see `open_file`.

    Raises:
        DamagedError: the source is damaged.
        BackupError: the source's tables have just been changed.
        sqlite3.OperationalError: the part can't be written, or the source not read.
    """
    with closing(open_file(part)) as connection:
        connection.execute("ATTACH ? AS source", (_address(source, frozen=frozen),))
        connection.execute("BEGIN")
        if revision_of(connection, "source") != revision_of(connection):
            raise BackupError("its tables have just been changed by another release; try again")
        check_whole(connection, "source")
        for table in KEPT:
            columns = ", ".join(f'"{row[1]}"' for row in connection.execute(f"PRAGMA main.table_info({table})"))
            if columns:  # else: of a later revision
                connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM source.{table}")  # noqa: S608  (ours)
        connection.execute("COMMIT")


def check_whole(connection: sqlite3.Connection, schema: str) -> None:
    """Check a file with SQLite's integrity check. Raises DamagedError."""
    try:
        (verdict,) = connection.execute(f"PRAGMA {schema}.integrity_check(1)").fetchone()
        orphan = connection.execute(f"PRAGMA {schema}.foreign_key_check").fetchone()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise DamagedError(f"it is damaged ({error})") from error
    if verdict != "ok":
        raise DamagedError(f"it is damaged ({' '.join(str(verdict).split())[:200]})")
    if orphan is not None:
        raise DamagedError(f"it is damaged (a row of {orphan[0]} belongs to no row of {orphan[2]})")


def check_values(connection: sqlite3.Connection) -> None:
    """Check that each column of the history holds its own kind of value: SQLite takes any. Raises DamagedError."""
    for table in KEPT:
        for _, name, declared, *_ in connection.execute(f"PRAGMA main.table_info({table})").fetchall():
            kind = "integer" if declared in INTEGERS else "text"
            other = f'SELECT 1 FROM main.{table} WHERE typeof("{name}") NOT IN (?, ?) LIMIT 1'  # noqa: S608  (ours)
            if connection.execute(other, (kind, "null")).fetchone() is not None:
                raise DamagedError(f"“{table}.{name}” holds a value that isn't {kind}")


def seal(part: Path) -> None:
    """Merge a part's log into its file, and sync it to disk."""
    with closing(open_file(part)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    sync_file(part)


def side_files(file: Path) -> tuple[Path, ...]:
    """Return the files that SQLite keeps beside a database, the log first."""
    return tuple(file.with_name(file.name + end) for end in ("-wal", "-shm", "-journal"))


def _delete(file: Path) -> None:
    for name in (file, *side_files(file)):
        name.unlink(missing_ok=True)


def _address(file: Path, *, frozen: bool) -> str:
    return f"{file.absolute().as_uri()}?mode={'ro&immutable=1' if frozen else 'rw'}"

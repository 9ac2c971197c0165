"""Reads a file given as a backup: a private copy of it, fully checked before any row is used."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import StatementError

from app.backup.errors import BackupError
from app.backup.rows import check_values, check_whole, open_file, revision_of
from app.backup.schema import refuse_active_parts, refuse_differences
from app.backup.tables import KEPT
from app.db import Base, Database
from app.files import PRIVATE_FILE
from app.history.queries import connections
from app.history.search import HistoryFilter, each_operation
from app.operations.read import progress_of

# Read with each operation.
BESIDE_OPERATIONS = tuple(name for name in KEPT if name not in ("operations", "operation_steps", "policy_changes"))
BATCH = 500
# https://www.sqlite.org/fileformat.html#the_database_header
MAGIC = b"SQLite format 3\0"
WRITE_VERSION, WITH_LOG = 18, 2


def take_in(source: Path, copy: Path) -> None:
    """Copy a regular file's bytes into an empty private file. Raises BackupError; OSError: the copy can't be written."""
    descriptor = _open(source)
    with os.fdopen(descriptor, "rb") as content:
        head = content.read(100)
        if head[: len(MAGIC)] != MAGIC:
            raise BackupError("it is not a Sailpass backup")
        _refuse_log(source, has_log=head[WRITE_VERSION] == WITH_LOG)
        content.seek(0)
        with copy.open("r+b") as into:
            shutil.copyfileobj(content, into)
        copy.chmod(PRIVATE_FILE)


def check(copy: Path, expected: Path | None = None) -> str:
    """Check that a file is a complete database of ours; return its revision. `expected` has that revision's tables.

    Raises:
        BackupError: names the foreign, missing or damaged part.
    """
    try:
        with closing(open_file(copy, frozen=True)) as connection:
            refuse_active_parts(connection)
            revision = revision_of(connection)
            if expected is not None:
                with closing(open_file(expected)) as ours:
                    refuse_differences(connection, ours)
                check_whole(connection, "main")
                check_values(connection)
            return revision
    except sqlite3.Error as error:
        raise BackupError(f"it is damaged ({error})") from error


def check_readable(database: Database) -> None:
    """Read all of the history as pages do. Raises BackupError if a part can't be read: it would break its page."""
    _check_operations(database)
    with database.read() as session:
        for name in BESIDE_OPERATIONS:
            try:
                for row in session.execute(select(Base.metadata.tables[name]).execution_options(yield_per=BATCH)):
                    dict(getattr(row, "detail", None) or {})  # of a sign-in event
            except (StatementError, ValueError, TypeError, RecursionError) as error:
                raise BackupError(f"its table “{name}” can't be read ({type(error).__name__})") from error


def _check_operations(database: Database) -> None:
    for connection in connections(database):
        operation_id = ""
        try:
            for operation in each_operation(database, HistoryFilter(connection=connection)):
                operation_id = operation.id
                progress_of(operation)
        except (StatementError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            at = f"at operation {operation_id}" if operation_id else "at the newest operation"
            raise BackupError(f"its history can't be read {at} ({type(error).__name__})") from error


def _open(source: Path) -> int:
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise BackupError("there is no such file") from None
    except OSError as error:
        if source.is_symlink():
            raise BackupError(f"it is a symbolic link; name the file itself, {source.resolve()}") from None
        raise BackupError(f"it can't be read ({error.strerror})") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BackupError("it is not a regular file")
    return descriptor


def _refuse_log(source: Path, *, has_log: bool) -> None:
    """Refuse a database with changes in a file beside it: it is a running server's, or was copied from one."""
    log = source.with_name(source.name + ("-wal" if has_log else "-journal"))
    if log.exists() and log.stat().st_size:
        raise BackupError(
            f"its last changes are in {log}, so it is no backup but a database that is or was in use; "
            "make a backup of it with “sailpass backup”"
        )

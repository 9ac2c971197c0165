"""Creates a backup of an SQLite history while the console runs: a snapshot of the history, and nothing else."""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from app.backup.errors import BackupError
from app.backup.mark import mark_as_backup
from app.backup.rows import DamagedError, copy_history, make_tables, open_file, private_part, revision_of, seal
from app.db import database_file, is_sqlite
from app.files import sync_folder
from app.migrate import ready_file
from app.outage import reason_of
from app.settings import Settings

# The error of a file system without hard links (link(2)).
NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
PRIMARY = 0xFF  # of an extended result code (https://www.sqlite.org/rescode.html)


def backup(settings: Settings, target: Path) -> None:
    """Copy the history to a new file that only its owner can open. On failure no file is left.

    Raises:
        BackupError: with a one-sentence reason.
        DatabaseUnusableError: this database can't be used.
    """
    source = sqlite_file(settings)
    if not source.exists():
        raise BackupError(f"There is no history in {source.parent}; name its folder with --data-dir.")
    if os.path.lexists(target):
        raise BackupError(f"{target} exists already; name another file.")
    ready_file(source)
    try:
        with private_part(target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")) as part:
            _fill(source, part)
            _give_name(part, target)
    except DamagedError as error:
        raise BackupError(
            f"The history in {source} can't be backed up: {error}. Restore an earlier backup; no new one was made."
        ) from error
    except BackupError as error:
        raise BackupError(f"The history in {source} can't be backed up: {error}.") from error
    except (sqlite3.Error, DBAPIError, OSError) as error:
        raise BackupError(f"No backup was made in {target}: {reason(error)}.") from error


def sqlite_file(settings: Settings) -> Path:
    """Return the file of the history. Raises BackupError if it is on PostgreSQL."""
    if not is_sqlite(settings.history_url):
        raise BackupError(
            "The history is on PostgreSQL: back it up with pg_dump, and after pg_restore run “sailpass after-restore”."
        )
    return database_file(settings.history_url)


def reason(error: Exception) -> str:
    """Return why a file can't be written, in words."""
    if isinstance(error, DBAPIError) and isinstance(error.orig, sqlite3.Error):
        return reason(error.orig)
    if isinstance(error, DBAPIError):
        return reason_of(error)
    if isinstance(error, OSError):
        return "the disk is full" if error.errno in FULL else error.strerror or str(error)
    code = getattr(error, "sqlite_errorcode", 0) & PRIMARY
    if code == sqlite3.SQLITE_FULL:
        return "the disk is full"
    return f"{error} (check the disk's free space, quota and health)" if code == sqlite3.SQLITE_IOERR else str(error)


def _fill(source: Path, part: Path) -> None:
    try:
        with closing(open_file(source)) as connection:
            revision = revision_of(connection)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise DamagedError(f"it is damaged ({error})") from error
    make_tables(part, revision)
    copy_history(source, part)
    with closing(open_file(part)) as connection:
        mark_as_backup(connection)
    seal(part)


def _give_name(part: Path, target: Path) -> None:
    """Give the part its final name, without replacing another file."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise BackupError(f"{target} has just been made by another process; name another file") from None
    except OSError as error:
        if error.errno not in NO_LINKS or os.path.lexists(target):
            raise
        part.rename(target)
    sync_folder(target.parent)

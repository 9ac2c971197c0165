"""Replaces the current history with that of a backup: the history and nothing else. The current one is kept.

The new file is created beside the current one from our own migrations and the backup's rows, so that nothing of the
backup's own structure is used. Then the files are renamed, in a way that survives a kill at any moment.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from app.auth.events import record_restored
from app.auth.operator import operator_name
from app.backup.errors import BackupError
from app.backup.making import reason, sqlite_file
from app.backup.reading import check, check_readable, take_in
from app.backup.rows import copy_history, make_tables, private_part, seal, side_files
from app.backup.swap import Swap, SwapError, finish_swap, swap
from app.db import Database, database_file
from app.files import private_folder
from app.history.interrupted import interrupt_all
from app.lock_file import exclusive
from app.migrate import setup_lock_path, upgrade
from app.operations.engine import VERSION
from app.operations.lease import RESTORE, FileLease, InstanceTakenError
from app.settings import Settings


@dataclass(frozen=True)
class Restored:
    """`kept`: where the previous history is, or None; `interrupted`: how many operations were running."""

    kept: Path | None
    interrupted: int


def restore(settings: Settings, source: Path, now: datetime) -> Restored:
    """Replace the history with a backup.

    Raises:
        BackupError: the file is not a backup, is damaged or of a later release, or a console runs on this history.
    """
    file = sqlite_file(settings)
    private_folder(file.parent)
    with nobody_at_work(settings), exclusive(setup_lock_path(file)):
        try:
            finish_swap(file)
            part, interrupted = _prepared(source, file, now)
            aside = (*set_aside(file, now), *set_aside(database_file(settings.engine_url), now))
            swap(file, Swap(aside, part.name))
        except SwapError as error:
            raise BackupError(str(error)) from error
    kept = next((file.with_name(new) for name, new in aside if name == file.name), None)
    return Restored(kept, interrupted)


@contextmanager
def nobody_at_work(settings: Settings) -> Iterator[None]:
    """Hold the lock that a running console holds, so that none runs or starts meanwhile. Raises BackupError."""
    lease = FileLease(database_file(settings.history_url), settings.instance, VERSION, RESTORE)
    try:
        lease.claim()
    except InstanceTakenError as error:
        raise BackupError(f"A console runs on this history; stop it first. ({error})") from error
    try:
        yield
    finally:
        lease.give_up()


def _prepared(source: Path, file: Path, now: datetime) -> tuple[Path, int]:
    """Return a file with the backup's history, ready to be used as `file`, and how many operations were running."""
    try:
        with private_part(file.with_name(file.name + ".restoring"), keep=True) as part:
            with private_part(file.with_name(file.name + ".incoming")) as copy:
                take_in(source, copy)
                make_tables(part, check(copy))
                check(copy, part)
                copy_history(copy, part, frozen=True)
            interrupted = _settle(part, source.name, now)
            seal(part)
    except BackupError as error:
        raise BackupError(f"{source} can't be restored: {error}. Nothing was changed.") from error
    except (sqlite3.Error, DBAPIError, OSError) as error:
        raise BackupError(f"Nothing was restored into {file.parent}: {reason(error)}. Nothing was changed.") from error
    return part, interrupted


def _settle(part: Path, restored_from: str, now: datetime) -> int:
    database = Database(f"sqlite:///{part}", pool_size=1)
    try:
        with database.engine.connect() as connection:
            upgrade(connection)
        check_readable(database)
        with database.write() as session:
            record_restored(session, operator_name(), restored_from, now)
            return interrupt_all(session, now)
    finally:
        database.close()


def set_aside(file: Path, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield the old and new names of a database and its side files.

    A log without its database is renamed too: SQLite would apply it to the next file of that name.
    """
    kept = _free_name(file, now)
    for present in (file, *side_files(file)):
        if present.exists():
            yield present.name, kept + present.name.removeprefix(file.name)


def _free_name(file: Path, now: datetime) -> str:
    for number in count(1):
        again = f"-{number}" if number > 1 else ""
        kept = file.with_name(f"{file.stem}.before-restore-{now:%Y%m%d-%H%M%S}{again}{file.suffix}")
        if not any(name.exists() for name in (kept, *side_files(kept))):
            return kept.name
    raise AssertionError("numbers do not end")

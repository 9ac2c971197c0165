"""Backups of an SQLite history: a consistent copy while the console runs, and back again while it does not.

The engine's file is no part of a backup: living operations are handed to a fresh engine, and their steps write only
what is missing. Must never leave a half-written file under the name that was asked for.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from app.db import Database, is_sqlite
from app.migrate import head, migrate
from app.operations.engine import VERSION
from app.operations.lease import InstanceTakenError, Pace, lease_for
from app.settings import Settings

SIDE_FILES = ("", "-wal", "-shm")


class BackupError(Exception):
    """A backup or restore that cannot be; its text is one sentence for the person at the terminal."""


def backup(settings: Settings, target: Path) -> None:
    """Copy the history to `target`, consistent even while the console writes. Raises BackupError."""
    source = _file(settings.history_url)
    if not source.exists():
        raise BackupError(f"There is no history in {source.parent}; name its folder with --data-dir.")
    if target.exists():
        raise BackupError(f"{target} exists already; name another file.")
    part = target.with_name(target.name + ".part")
    try:
        with closing(sqlite3.connect(source, timeout=30)) as here, closing(sqlite3.connect(part)) as there:
            here.backup(there)
            there.execute("PRAGMA journal_mode=DELETE")
        part.replace(target)
    except (sqlite3.Error, OSError) as error:
        part.unlink(missing_ok=True)
        raise BackupError(f"{target} could not be written ({error}); nothing was left there.") from error


def restore(settings: Settings, source: Path, now: datetime) -> Path | None:
    """Put a backup in the place of the history, which is kept beside it; where, None if there was none.

    Raises:
        BackupError: the file is no backup, is damaged or of a later release, or a console runs on this history.
    """
    _check(source)
    place = _file(settings.history_url)
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(place.name + ".part")
    with _nobody_at_work(settings):
        try:
            shutil.copyfile(source, part)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise BackupError(f"{part} could not be written ({error.strerror}); nothing was changed.") from error
        kept = _set_aside(place, now)
        _set_aside(_file(settings.engine_url), now)
        part.replace(place)
    database = Database(settings.history_url)
    migrate(database)
    database.close()
    return kept


def _file(url: str) -> Path:
    if not is_sqlite(url):
        raise BackupError("The history is on PostgreSQL; back it up with pg_dump, as any database there.")
    return Path(make_url(url).database or "")


def _check(source: Path) -> None:
    """See that a file is a whole backup that this release understands."""
    if not source.is_file():
        raise BackupError(f"There is no file {source}.")
    try:
        with closing(sqlite3.connect(f"file:{source.resolve()}?mode=ro", uri=True)) as there:
            (whole,) = there.execute("PRAGMA integrity_check").fetchone()
            (revision,) = there.execute("SELECT version_num FROM alembic_version").fetchone()
            there.execute("SELECT 1 FROM operations LIMIT 1")
    except (sqlite3.Error, TypeError) as error:
        raise BackupError(f"{source} is no backup of Sailpass ({error}).") from error
    if whole != "ok":
        raise BackupError(f"{source} is damaged ({whole}); take an earlier backup.")
    if revision > head():
        raise BackupError(f"{source} is of a later release (revision {revision}, this one knows {head()}).")


@contextmanager
def _nobody_at_work(settings: Settings) -> Iterator[None]:
    """Hold what a console holds while it runs, so that none runs or begins meanwhile."""
    database = Database(settings.history_url)
    lease = lease_for(database, settings.instance, VERSION, Pace())
    try:
        lease.claim()
    except InstanceTakenError as error:
        raise BackupError(f"A console runs on this history; stop it first. ({error})") from error
    finally:
        database.close()
    try:
        yield
    finally:
        lease.give_up()


def _set_aside(file: Path, now: datetime) -> Path | None:
    """Rename a database with its side files; its new place, None if there was none."""
    if not file.exists():
        return None
    kept = file.with_name(f"{file.stem}.before-restore-{now:%Y%m%d-%H%M%S}{file.suffix}")
    for end in SIDE_FILES:
        beside = Path(f"{file}{end}")
        if beside.exists():
            beside.rename(f"{kept}{end}")
    return kept

"""Does what `restore` does, for a database restored by other means: pg_restore, a snapshot, a file copied back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.auth.events import record_restored
from app.auth.operator import operator_name
from app.backup import tables
from app.backup.errors import BackupError
from app.backup.making import reason, sqlite_file
from app.backup.origin import mark_origin
from app.backup.restoring import nobody_at_work, set_aside
from app.backup.swap import Swap, swap
from app.db import Database, database_file, is_sqlite
from app.history.interrupted import interrupt_all
from app.lock_file import exclusive
from app.migrate import migrate, setup_lock_path
from app.operations.engine import forget_everything
from app.operations.lease import LOCKS
from app.settings import Settings

# What the record of sign-ins says was restored.
COMMAND = "after-restore"
# Enough while every replica is stopped.
LOCK_TIMEOUT = text("SET LOCAL lock_timeout = '15s'")
# A replica that starts now waits for this table, and sees only what is committed here.
NOBODY_STARTS = text("LOCK TABLE instances IN ACCESS EXCLUSIVE MODE")
# Every running replica holds one of our advisory locks, which ends with its process.
AT_WORK = text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = :locks"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def after_restore(settings: Settings, now: datetime, *, moved: bool = False) -> int:
    """Delete everything but the history, and return how many operations it showed as running.

    Args:
        moved: PostgreSQL: the original has not been used since; keep everything, and only record the new place.

    Raises:
        BackupError: a console runs on this database, or it can't be changed.
        DatabaseUnusableError: this database can't be used.
    """
    if is_sqlite(settings.history_url):
        if moved:
            raise BackupError("--moved is for PostgreSQL; an SQLite file that was moved is served as it is.")
        return _sqlite(settings, now)
    database = Database(settings.history_url, pool_size=2)
    try:
        migrate(database)
        with database.write() as session:
            _refuse_others(session)
            interrupted = 0 if moved else _leave_history(session, now)
            if not moved:
                forget_everything(session.connection())
            mark_origin(session, database)
    except DBAPIError as error:
        raise BackupError(f"The database can't be changed: {reason(error)}. Nothing was changed.") from error
    finally:
        database.close()
    return interrupted


def _sqlite(settings: Settings, now: datetime) -> int:
    file = sqlite_file(settings)
    if not file.exists():
        raise BackupError(f"There is no history in {file.parent}; name its folder with --data-dir.")
    with nobody_at_work(settings):
        database = Database(settings.history_url, pool_size=1)
        try:
            migrate(database)
            with database.write() as session:
                interrupted = _leave_history(session, now)
        except DBAPIError as error:
            raise BackupError(f"{file} can't be changed: {reason(error)}. Nothing was changed.") from error
        finally:
            database.close()
        # If the process is killed here: the engine starts nothing for an operation that has ended.
        with exclusive(setup_lock_path(file)):
            swap(file, Swap(tuple(set_aside(database_file(settings.engine_url), now))))
    return interrupted


def _leave_history(session: Session, now: datetime) -> int:
    interrupted = interrupt_all(session, now)
    tables.clear(session)
    record_restored(session, operator_name(), COMMAND, now)
    return interrupted


def _refuse_others(session: Session) -> None:
    session.execute(LOCK_TIMEOUT)
    session.execute(NOBODY_STARTS)
    if session.scalar(AT_WORK, {"locks": LOCKS}):
        raise BackupError("A replica, or a command that works by itself, uses this database; stop all of them first.")

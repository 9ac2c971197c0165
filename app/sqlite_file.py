"""What this process knows of its SQLite file beside SQLite: whether it is still there, and whose turn it is to write."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

Identity = tuple[int, int]
WAL = "-wal"


class SameFile:
    """Refuses connections to a file that was moved, deleted or replaced, or whose log was; for listeners of a pool.

    SQLite goes on writing to the open file, which no path names any more: everything recorded there would be lost.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._log = file.with_name(file.name + WAL)
        self._opened: Identity | None = None
        self._is_lost = False

    def note(self, _connection: object, record: Any) -> None:
        """Remember what a new connection has opened. The log lives as long as any connection that uses it."""
        self._opened = self._opened or _identity(self._file)
        record.info[WAL] = _identity(self._log)

    def check(self, _connection: object, record: Any, _proxy: object) -> None:
        """Check that the paths still name what was opened. Raises sqlite3.OperationalError, from then on each time."""
        log = record.info[WAL]
        is_same = _identity(self._file) == self._opened and log in (None, _identity(self._log))
        self._is_lost = self._is_lost or not is_same
        if self._is_lost:
            raise sqlite3.OperationalError(
                f"{self._file} or its log was moved, deleted or replaced while this process used it; "
                "stop this process, put the file in place, and start again"
            )


class Turn:
    """A lock for the only writer. SQLite's own wait sleeps for guessed times; a lock queues this process's threads better."""

    def __init__(self, within: float) -> None:
        self._within = within
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        """Wait for the turn. Raises OperationalError after `within` seconds: the one whose turn it is waits too."""
        if not self._lock.acquire(timeout=self._within):
            raise OperationalError(None, None, sqlite3.OperationalError("database is locked"))

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _identity(path: Path) -> Identity | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino

"""Whether a database can be used: which errors mean that it cannot, and one line in the log for each outage."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

log = logging.getLogger(__name__)

# PostgreSQL's read_only_sql_transaction: a standby that was not promoted yet.
READ_ONLY = "25006"
# The class of PostgreSQL's deadlocks and serialization failures: of one transaction, not of the database.
ROLLED_BACK = "40"
# Seconds after an outage within which another one is taken for the same: connections that were silent are noticed one
# after the other, the last long after the first one works.
SAME_WITHIN = 30.0
# Seconds without a failure after which an outage is over that nobody has seen end: of the engine's own database.
FORGOTTEN_AFTER = 600.0
# What the engine says of a database that it cannot use, and what it says while it is stopped.
_ABOUT_DATABASE = re.compile(
    r"\((?:psycopg|sqlite3)\S*(?:OperationalError|InterfaceError|DatabaseError|ReadOnlySqlTransaction)\)"
    r"|^Database connection |^Notification (?:listener|poller) error|^Notifier |^Fallback "
    r"|^Error connecting to the DBOS system database|^Could not connect to postgres|QueuePool limit"
)
# A driver's error within what the engine says: who was at work when it came is of no use to the reader.
_DRIVER_SAID = re.compile(r"\((?:psycopg|sqlite3)[\w.]*\) (.+)")
_ABOUT_STOPPING = re.compile(r"^Asyncio task cancelled|^Background thread .* did not exit")


def is_outage(error: BaseException) -> bool:
    """Return whether the database is away, full or damaged. Any other error is about the statement or its values."""
    sqlstate = str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")
    if sqlstate.startswith(ROLLED_BACK):
        return False
    if isinstance(error, OperationalError | InterfaceError | PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    # SQLite's driver raises DatabaseError itself, no subclass, where a file is damaged.
    return type(error) is DatabaseError or sqlstate == READ_ONLY


def reason_of(error: BaseException) -> str:
    """Return what the database said, on one line."""
    original = error.orig if isinstance(error, DBAPIError) else None
    return str(original or error).strip().partition("\n")[0]


class Outage:
    """Logs when a database cannot be used and when it can be used again, not at each try. For any thread."""

    def __init__(self, what: str = "the database", monotonic: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._since: float | None = None
        self._told = False
        self._ended = self._last = float("-inf")
        self._of_writes = False

    @property
    def is_on(self) -> bool:
        """The last try failed."""
        return self._since is not None

    @contextmanager
    def noticed(self, *, writes: bool) -> Iterator[None]:
        """Note whether the block could use the database. That it can be read does not end an outage of writes."""
        try:
            yield
        except SQLAlchemyError as error:
            if is_outage(error):
                self._of_writes |= writes  # a read that fails too does not make it one of reads
                self.began(reason_of(error))
            raise
        if writes or not self._of_writes:
            self.over()

    def began(self, reason: str) -> None:
        """Note a failed try."""
        with self._lock:
            now = self._monotonic()
            if self._since is None or now - self._last > FORGOTTEN_AFTER:
                self._since, self._told = now, False
            self._last = now
            if not self._told and (now - self._ended > SAME_WITHIN or now - self._since > SAME_WITHIN):
                self._told = True
                log.warning("%s cannot be used: %s", self._what, reason)

    def over(self) -> None:
        """Note that it was used."""
        if self._since is None:  # by far the most frequent case, which needs no lock
            return
        with self._lock:
            if self._told and self._since is not None:
                log.warning("%s can be used again after %.1f s", self._what, self._monotonic() - self._since)
                self._ended = self._monotonic()
            self._since, self._told, self._of_writes = None, False, False


class EngineLog(logging.Filter):
    """Turns the engine's many messages about one outage into the one line of that outage.

    Nothing else is dropped, save what it says of tasks and threads that a stop ends on purpose.
    """

    def __init__(self, outage: Outage) -> None:
        super().__init__()
        self._outage = outage
        self.stopping = False

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a message is to be logged."""
        message = record.getMessage()
        if _ABOUT_STOPPING.search(message):
            return False
        error = record.exc_info[1] if record.exc_info else None
        if not ((error is not None and is_outage(error)) or _ABOUT_DATABASE.search(message)):
            return True
        if not self.stopping:
            self._outage.began(reason_of(error) if error is not None else _reason_in(message))
        return False


def _reason_in(message: str) -> str:
    """Return what the database said, from a message of the engine that may hold it."""
    first_line = message.partition("\n")[0]
    driver_said = _DRIVER_SAID.search(first_line)
    return driver_said[1] if driver_said else first_line

"""Which errors mean that a database is unavailable, and one log line for each outage."""

from __future__ import annotations

import logging
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import (
    DatabaseError,
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

log = logging.getLogger(__name__)

# PostgreSQL's read_only_sql_transaction: a standby that was not promoted yet.
READ_ONLY = "25006"
# PostgreSQL's idle_in_transaction_session_timeout: this process, or its machine, was stopped for a while.
ENDED_IDLE = "25P03"
# The class of PostgreSQL's deadlocks and serialization failures: of one transaction, not of the database.
ROLLED_BACK = "40"
# Seconds after an outage within which another one counts as the same: silent connections are detected one after the
# other, the last long after the first one works.
SAME_WITHIN = 30.0
# Seconds without a failure after which an outage without a detected end is over: of the engine's own database.
FORGOTTEN_AFTER = 600.0
# The engine's messages about a database that it cannot use, and those while it is stopped.
_ABOUT_DATABASE = re.compile(
    r"^Database connection |^Notification (?:listener|poller) error|^Notifier |^Fallback "
    r"|^Error connecting to the DBOS system database|^Could not connect to postgres|QueuePool limit"
)
# A driver's error within the engine's message, as SQLAlchemy writes it: the rest is of no use to the reader.
_DRIVER_SAID = re.compile(r"\((?P<driver>psycopg|sqlite3)(?:\.\w+)*\.(?P<error>\w+)\) (?P<said>.+)")
_OF_ITS_PARTS = re.compile(r"^(?:Notification|Notifier) [^:]*: ")
_ABOUT_STOPPING = re.compile(r"^Asyncio task cancelled|^Background thread .* did not exit")


def is_outage(error: BaseException) -> bool:
    """Return whether the database is unavailable, full or damaged. Other errors are about the statement itself."""
    sqlstate = str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")
    if sqlstate.startswith(ROLLED_BACK):
        return False
    if isinstance(error, OperationalError | InterfaceError | PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error, InternalError) and not sqlstate:
        return True  # not the server's, but the driver's: of a connection that broke off in the middle of an answer
    # SQLite's driver raises DatabaseError itself, not a subclass, for a damaged file.
    return type(error) is DatabaseError or sqlstate in {READ_ONLY, ENDED_IDLE}


def reason_of(error: BaseException) -> str:
    """Return the database's message, on one line."""
    original = error.orig if isinstance(error, DBAPIError) else None
    return str(original or error).strip().partition("\n")[0]


class Outage:
    """Logs the begin and the end of an outage, not each try. Thread-safe."""

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
        """Whether the last try failed."""
        return self._since is not None

    @contextmanager
    def noticed(self, *, writes: bool) -> Iterator[None]:
        """Record whether the block could use the database. A successful read does not end an outage of writes."""
        try:
            yield
        except SQLAlchemyError as error:
            if is_outage(error):
                self._of_writes |= writes  # a failed read does not make it an outage of reads
                self.began(reason_of(error))
            raise
        if writes or not self._of_writes:
            self.over()

    def began(self, reason: str) -> None:
        """Record a failed try."""
        with self._lock:
            now = self._monotonic()
            if self._since is None or now - self._last > FORGOTTEN_AFTER:
                self._since, self._told = now, False
            self._last = now
            if not self._told and (now - self._ended > SAME_WITHIN or now - self._since > SAME_WITHIN):
                self._told = True
                log.warning("%s cannot be used: %s", self._what, reason)

    def over(self) -> None:
        """Record a successful use."""
        if self._since is None:  # by far the most frequent case, which needs no lock
            return
        with self._lock:
            if self._told and self._since is not None:
                log.warning("%s can be used again after %.1f s", self._what, self._monotonic() - self._since)
                self._ended = self._monotonic()
            self._since, self._told, self._of_writes = None, False, False


class EngineLog(logging.Filter):
    """Reduces the engine's many messages about one outage to the one line of that outage.

    Nothing else is dropped, except its messages about tasks and threads that a stop ends on purpose.
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
        said = _said_by_driver(message)
        if not ((error is not None and is_outage(error)) or said or _ABOUT_DATABASE.search(message)):
            return True
        if not self.stopping:
            written = _OF_ITS_PARTS.sub("", message.partition("\n")[0])
            self._outage.began(reason_of(error) if error is not None else said or written)
        return False


def _said_by_driver(message: str) -> str:
    """Return what a driver said of an unavailable database within a message of the engine, or ""."""
    found = (match for match in _DRIVER_SAID.finditer(message) if _is_drivers_outage(match["driver"], match["error"]))
    return next((match["said"] for match in found), "")


def _is_drivers_outage(driver: str, name: str) -> bool:
    """Return what `is_outage` says of a driver's error of this name.

    PostgreSQL's driver has a class for each state, such as `ConnectionTimeout`. A driver that was never imported has
    raised nothing.
    """
    error = getattr(sys.modules.get(f"{driver}.errors", sys.modules.get(driver)), name, None)
    if not (isinstance(error, type) and issubclass(error, Exception)):
        return False
    wrapped = DBAPIError.instance("", None, error(), Exception)
    return is_outage(wrapped)

"""Which replica is alive, and which one may take over a dead one's work.

On SQLite, one process per file, by a lock of the operating system that ends with the process. On PostgreSQL, a row per
instance that its process keeps fresh. A process that cannot show that it is alive begins nothing.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from sqlalchemy import ColumnElement, Connection, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from app.db import Database, allow_idle, database_file, insert_into, is_sqlite
from app.lock_file import Holder, LockedError, LockFile, lock_path
from app.migrate import setup_lock_path
from app.operations.models import Instance

# The first half of the number of a PostgreSQL advisory lock; the second is its purpose.
LOCKS = 7_245_278
RECOVERY, MAINTENANCE = 1, 2
FORGOTTEN_AFTER_DAYS = 30
# Seconds for which a replica may do a job for all without a word to the database.
ALONE_FOR = 600.0
RESTORE = "restore"


class InstanceTakenError(Exception):
    """Another running process has this name, or this database; its text is one sentence for the operator."""


@dataclass(frozen=True)
class Pace:
    """Seconds: between two heartbeats, of silence that counts as death, and between two checks of the other replicas.

    `begins`: within which an unblocked operation begins. `reading`: the maximum age of a policy that a write is based
    on, since another's write in the meantime is overwritten.
    """

    beat: float = 5.0
    dead_after: float = 20.0
    look: float = 1.0
    begins: float = 30.0
    reading: float = 1.0

    @property
    def fresh(self) -> float:
        """The maximum age of a read that a write is based on: also less than the silence that counts as death."""
        return min(self.reading, self.sure)

    @property
    def sure(self) -> float:
        """For how long a run that was the newest one of its step is certainly not overtaken by another replica's."""
        return (self.dead_after - self.beat) * 2 / 3


class Lease(Protocol):
    """A process's claim to be an instance. All methods block."""

    def claim(self) -> None:
        """Become the instance. Raises InstanceTakenError."""

    def announce(self, address: str) -> None:
        """Publish the address of this instance, for commands on the same machine that may read the database."""

    def beat(self) -> float | None:
        """Send a heartbeat. Return seconds from before this call in which no replica takes over; None: one has."""

    def give_up(self) -> None:
        """Stop being the instance: others may take over at once."""

    def living(self) -> frozenset[str]:
        """Return the names of instances whose work must be left alone, including this one's."""

    def versions(self) -> frozenset[str]:
        """Return the versions of operations that live instances can run."""

    def take_over(self, take: Callable[[str], int]) -> int:
        """Call `take` with the name of each dead instance, one process at a time; return the sum of its results."""


def lease_for(db: Database, name: str, version: str, pace: Pace) -> Lease:
    """Return the lease for this kind of database."""
    if is_sqlite(db.url):
        return FileLease(database_file(db.url), name, version, record=partial(_record_beat, db, name, version))
    return TableLease(db, name, version, pace)


@contextlib.contextmanager
def alone(db: Database, what: int) -> Iterator[bool]:
    """Yield whether this process may do a job for all replicas while the block runs; otherwise another one does it."""
    if is_sqlite(db.url):
        yield True
        return
    lock = text("SELECT pg_try_advisory_xact_lock(:locks, :what)")
    with db.write() as session:  # a transaction, which the lock lives as long as
        allow_idle(session.connection(), ALONE_FOR)
        yield bool(session.scalar(lock, {"locks": LOCKS, "what": what}))


class FileLease:
    """The lock of a database file: no other process can be alive. `record` shows at each heartbeat that it can be written."""

    def __init__(
        self, database: Path, name: str, version: str, task: str = "", record: Callable[[], None] = lambda: None
    ) -> None:
        self._database = database
        self._record = record
        self._alone = frozenset({name}), frozenset({version})
        self._task = task
        self._lock = LockFile(lock_path(database), setup_lock_path(database))

    def claim(self) -> None:
        try:
            self._lock.acquire(self._task)
        except LockedError as error:
            raise InstanceTakenError(self._taken(error.holder)) from None

    def announce(self, address: str) -> None:
        self._lock.announce(address)

    def beat(self) -> float | None:
        if not self._lock.is_held:
            return None
        self._record()
        return float("inf")

    def give_up(self) -> None:
        self._lock.release()

    def living(self) -> frozenset[str]:
        return self._alone[0]

    def versions(self) -> frozenset[str]:
        return self._alone[1]

    def take_over(self, take: Callable[[str], int]) -> int:  # noqa: ARG002  (no other process can have been working)
        return 0

    def _taken(self, holder: Holder | None) -> str:
        if holder is None:
            file = lock_path(self._database)
            return (
                f"Another process uses the database {self._database}, and SQLite takes one at a time. If no Sailpass "
                f"process runs on this folder, delete {file} and start again."
            )
        if holder.task == RESTORE:
            return f"Process {holder.pid} restores a backup into {self._database}; wait until it ends."
        return (
            f"Process {holder.pid} uses the database {self._database} already, and SQLite takes one at a time; "
            "stop it, or name another folder with SAILPASS_DATA_DIR."
        )


def _record_beat(db: Database, name: str, version: str) -> None:
    now = func.now()
    row = {"name": name, "token": "", "place": "", "version": version, "started_at": now, "beat_at": now}
    with db.write() as session:
        beaten = insert_into(session, Instance).values(row)
        session.execute(beaten.on_conflict_do_update(index_elements=["name"], set_={"beat_at": now}))


@dataclass(frozen=True)
class _Row:
    """An instance's row. `beat_at` is only compared with itself: the database's clock may be set."""

    token: str
    beat_at: datetime
    place: str
    version: str
    has_left: bool
    is_taken: bool

    @property
    def has_ended(self) -> bool:
        return self.has_left or self.is_taken


class _Silence:
    """For how long no heartbeat of an instance has been seen: measured by this process's elapsed time, not by a clock."""

    def __init__(self, dead_after: float) -> None:
        self._dead_after = dead_after
        self._seen: dict[str, tuple[_Row, float]] = {}

    def silent(self, rows: Mapping[str, _Row], asked_at: float, read_at: float) -> frozenset[str]:
        """Return the instances whose rows have not changed for so long that they count as dead.

        Args:
            rows: the rows, by instance.
            asked_at: when the read of the rows began, in monotonic time.
            read_at: when it ended. A heartbeat that it shows counts from then, so that nobody is judged too soon.
        """
        seen = self._seen
        self._seen = {
            name: seen[name] if name in seen and seen[name][0] == row else (row, read_at) for name, row in rows.items()
        }
        return frozenset(name for name, (_, since) in self._seen.items() if asked_at - since > self._dead_after)


class TableLease:
    """A row in the table of instances, and a connection's lock that shows at once that a process is dead.

    Whether others are silent is judged only by one that has a steady heartbeat itself: when the database was away, or
    this process stalled, all of them look silent, and each needs some time to show that it is not.
    """

    def __init__(self, db: Database, name: str, version: str, pace: Pace) -> None:
        self._db = db
        self._name = name
        self._version = version
        self._pace = pace
        self._token = ""
        self._guard: Connection | None = None
        self._guarded = False
        self._beaten_at = self._steady_from = 0.0
        self._silence = _Silence(pace.dead_after)

    def claim(self) -> None:
        self._wait_for_silence()
        self._token = uuid.uuid4().hex
        now = func.now()
        values = {
            "token": self._token,
            "place": f"{socket.gethostname()[:200]}, process {os.getpid()}",
            "version": self._version,
            "started_at": now,
            "beat_at": now,
            "left_at": None,
            "taken_at": None,
        }
        claimed = insert(Instance).values(name=self._name, **values)
        long_ago = func.now() - func.make_interval(0, 0, 0, FORGOTTEN_AFTER_DAYS)
        with self._db.write() as session:
            session.execute(delete(Instance).where(Instance.taken_at < long_ago))
            session.execute(claimed.on_conflict_do_update(index_elements=["name"], set_=values))
        self._beaten_at = self._steady_from = time.monotonic()

    def announce(self, address: str) -> None:
        """Do nothing: no command may use an address from a database that other machines write."""

    def beat(self) -> float | None:
        mine = (Instance.name == self._name, Instance.token == self._token)
        alive = (Instance.left_at.is_(None), Instance.taken_at.is_(None))
        try:
            with self._db.write() as session:
                beaten = session.scalar(
                    update(Instance).where(*mine, *alive).values(beat_at=func.now()).returning(Instance.name)
                )
        except SQLAlchemyError:
            self._drop_guard()  # it would be silent too, and delay the next heartbeat
            raise
        self._note_beat()
        self._holds_guard()
        return self._pace.dead_after if beaten else None

    def give_up(self) -> None:
        with self._db.write() as session:
            session.execute(
                update(Instance)
                .where(Instance.name == self._name, Instance.token == self._token)
                .values(left_at=func.now())
            )
        self._drop_guard()

    def living(self) -> frozenset[str]:
        return frozenset({self._name, *self._others(gone=False)})

    def versions(self) -> frozenset[str]:
        return frozenset({self._version, *(row.version for row in self._others(gone=False).values())})

    def take_over(self, take: Callable[[str], int]) -> int:
        gone = self._others(gone=True)
        return sum(self._take(name, row, take) for name, row in gone.items() if not row.is_taken)

    def _others(self, *, gone: bool) -> dict[str, _Row]:
        """Return the other instances that are gone, or those that are not."""
        asked_at = time.monotonic()
        rows = self._rows(Instance.name != self._name)
        silent = self._silence.silent(rows, asked_at, time.monotonic())
        may_judge = self._beats(asked_at) and asked_at >= self._steady_from
        return {name: row for name, row in rows.items() if gone == (row.has_ended or (may_judge and name in silent))}

    def _take(self, name: str, row: _Row, take: Callable[[str], int]) -> int:
        # The row stays locked until its work is taken over: if this process dies meanwhile, another one does it.
        same = (Instance.name == name, Instance.token == row.token, Instance.beat_at == row.beat_at)
        with self._db.write() as session:
            gone = select(Instance).where(*same, Instance.taken_at.is_(None)).with_for_update(skip_locked=True)
            if session.scalar(gone) is None:  # it has sent a heartbeat since, or another process takes it over
                return 0
            allow_idle(session.connection(), ALONE_FOR)
            taken = take(name)
            session.execute(update(Instance).where(Instance.name == name).values(taken_at=func.now()))
            return taken

    def _note_beat(self) -> None:
        now = time.monotonic()
        if not self._beats(now):
            self._steady_from = now + 2 * self._pace.beat
        self._beaten_at = now

    def _beats(self, now: float) -> bool:
        return now - self._beaten_at <= 2 * self._pace.beat

    def _wait_for_silence(self) -> None:
        """Return once no other process can be this instance. Raises InstanceTakenError when one sends a heartbeat."""
        first = self._own_row()
        if self._token and first is not None and first.token != self._token and not first.has_ended:
            # This process was silent for so long that another one took its name.
            self._drop_guard()
            raise self._taken(first)
        began = time.monotonic()
        while not self._holds_guard():
            now = self._own_row()
            if now is None or now.has_ended:
                return
            if first is not None and now.beat_at != first.beat_at:
                self._drop_guard()
                raise self._taken(now)
            if time.monotonic() - began > self._pace.dead_after:
                return
            first = first or now
            time.sleep(min(0.5, self._pace.beat / 4))

    def _taken(self, by: _Row) -> InstanceTakenError:
        return InstanceTakenError(
            f"The instance {self._name} is alive already ({by.place}); "
            "give each replica a name of its own with SAILPASS_INSTANCE."
        )

    def _own_row(self) -> _Row | None:
        return self._rows(Instance.name == self._name).get(self._name)

    def _rows(self, of: ColumnElement[bool]) -> dict[str, _Row]:
        ended = (Instance.left_at.is_not(None), Instance.taken_at.is_not(None))
        query = select(Instance.name, Instance.token, Instance.beat_at, Instance.place, Instance.version, *ended)
        with self._db.read() as session:
            return {row.name: _Row(*row[1:]) for row in session.execute(query.where(of))}

    def _holds_guard(self) -> bool:
        """Return whether this process's connection holds the lock of the name; the lock ends with the process."""
        try:
            if self._guard is None or self._guard.closed or self._guard.invalidated:
                self._guard = self._db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                self._guarded = False
            if not self._guarded:
                lock = text("SELECT pg_try_advisory_lock(:locks, hashtext(:name))")
                self._guarded = bool(self._guard.scalar(lock, {"locks": LOCKS, "name": self._name}))
            else:
                self._guard.execute(text("SELECT 1"))
        except SQLAlchemyError:
            self._drop_guard()
            raise
        return self._guarded

    def _drop_guard(self) -> None:
        guard, self._guard, self._guarded = self._guard, None, False
        if guard is not None:
            with contextlib.suppress(SQLAlchemyError):
                guard.invalidate()
                guard.close()

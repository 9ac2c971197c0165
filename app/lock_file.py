"""A lock file that says which process holds it, for what, and at which address that process serves.

The lock is the operating system's (`flock`) and ends with its process. Anyone who can open a file can lock it, so a
lock file is private from its creation; one that an older release left open to others is replaced.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from app.files import create_private, is_exposed, open_own

log = logging.getLogger(__name__)

# Seconds: a check whether a lock is held holds it for a moment.
PATIENCE = 0.5
PAUSE = 0.05
LONGEST = 4096
KERNEL_LOCKS = Path("/proc/locks")


@dataclass(frozen=True)
class Holder:
    """The process that holds a lock, its task, and the address at which it serves; "" if unknown."""

    pid: int
    task: str = ""
    address: str = ""


class LockedError(Exception):
    """Another process holds the lock; `holder` is what it wrote, None if that can't be read."""

    def __init__(self, holder: Holder | None) -> None:
        super().__init__(holder)
        self.holder = holder


class LockFile:
    """One lock of this process. `guard` is a lock file under which an exposed one is replaced."""

    def __init__(self, file: Path, guard: Path) -> None:
        self._file = file
        self._guard = guard
        self._descriptor: int | None = None
        self._task = self._address = ""

    def acquire(self, task: str = "") -> None:
        """Take the lock, also once its file was deleted, and record this process as its holder.

        Raises LockedError; OSError: the file can't be used.
        """
        address = self._address
        self.release()
        end = time.monotonic() + PATIENCE
        while (descriptor := self._try_lock(last=time.monotonic() >= end)) is None:
            time.sleep(PAUSE)
        self._descriptor, self._task = descriptor, task
        self.announce(address)

    @property
    def is_held(self) -> bool:
        """Whether this process holds it: not once somebody has deleted its file, since others may lock a new one."""
        return self._descriptor is not None and _is_at(self._descriptor, self._file)

    def announce(self, address: str) -> None:
        """Record where this process serves. Only for the holder of the lock."""
        assert self._descriptor is not None  # noqa: S101  (as said)
        self._address = address
        content = json.dumps(asdict(Holder(os.getpid(), self._task, address))).encode()
        os.pwrite(self._descriptor, content, 0)
        os.ftruncate(self._descriptor, len(content))

    def release(self) -> None:
        """Release the lock."""
        descriptor, self._descriptor, self._address = self._descriptor, None, ""
        if descriptor is not None:
            os.ftruncate(descriptor, 0)
            os.close(descriptor)

    def _try_lock(self, *, last: bool) -> int | None:
        """Return the descriptor of the locked file; None: try again. Raises LockedError on the last try."""
        descriptor = _open_or_create(self._file)
        if _flocked(descriptor):
            if not _is_at(descriptor, self._file):  # replaced meanwhile
                os.close(descriptor)
                return None
            return self._replaced(descriptor) if is_exposed(descriptor) else descriptor
        try:
            if is_exposed(descriptor) and _is_held_by_others(descriptor):
                return self._taken_from_others()
            if last:
                raise LockedError(_read(descriptor))
        finally:
            os.close(descriptor)
        return None

    def _taken_from_others(self) -> int | None:
        """Replace a lock file that an older release left open to everyone and that another user holds."""
        with exclusive(self._guard):
            descriptor = _open_or_create(self._file)
            still = is_exposed(descriptor) and not _flocked(descriptor) and _is_held_by_others(descriptor)
            if still:
                log.warning("a process of another user holds %s, which was open to others; it is replaced", self._file)
                return self._replaced(descriptor)
            os.close(descriptor)
            return None

    def _replaced(self, old: int) -> int:
        """Return a locked private file under the name of an exposed one, which is closed."""
        fresh = self._file.with_name(f"{self._file.name}.{secrets.token_hex(4)}")
        descriptor = create_private(fresh)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        fresh.replace(self._file)
        os.close(old)
        return descriptor


@contextmanager
def exclusive(file: Path) -> Iterator[None]:
    """Hold a lock while the block runs, waiting for its current holder. Raises OSError: it can't be used."""
    descriptor = _open_or_create(file)
    try:
        if is_exposed(descriptor):
            os.fchmod(descriptor, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def lock_path(database: Path) -> Path:
    """Return the lock file of the process that uses an SQLite file, which also holds the address at which it serves."""
    return database.with_name(database.name + ".lock")


def current_holder(file: Path) -> Holder | None:
    """Return the lock's holder from a file that no one else can write or open; None if that isn't certain.

    Raises nothing: a file that is missing, another user's, open to others or not locked has no trusted holder.
    """
    try:
        descriptor = open_own(file)
    except OSError:
        return None
    try:
        if is_exposed(descriptor) or os.fstat(descriptor).st_nlink != 1:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return _read(descriptor)
        return None
    finally:
        os.close(descriptor)


def _open_or_create(file: Path) -> int:
    while True:
        with suppress(FileExistsError):
            return create_private(file)
        with suppress(FileNotFoundError):
            return open_own(file, os.O_RDWR)


def _flocked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_at(descriptor: int, file: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), file.lstat())
    return False


def _read(descriptor: int) -> Holder | None:
    """Return what the holder wrote; an older release wrote only its process number."""
    try:
        content = json.loads(os.pread(descriptor, LONGEST, 0))
    except ValueError:
        return None
    if isinstance(content, int):
        return Holder(content)
    if not isinstance(content, dict) or not isinstance(content.get("pid"), int):
        return None
    return Holder(content["pid"], str(content.get("task", "")), str(content.get("address", "")))


def _is_held_by_others(descriptor: int) -> bool:
    """Return whether the kernel names another user's process as the holder. False if it names none: it may be ours.

    In a container the kernel hides holders outside it.
    """
    try:
        table = KERNEL_LOCKS.read_text()
    except OSError:
        return False
    status = os.fstat(descriptor)
    file = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    owners = [_owner(pid) for pid in flock_holders(table, file)]
    return bool(owners) and not {0, os.geteuid(), None} & set(owners)


def flock_holders(table: str, file: str) -> tuple[int, ...]:
    """Return the processes that hold a lock on a file, from `/proc/locks` (proc(5)); `file` is major:minor:inode."""
    rows = (line.split() for line in table.splitlines())
    return tuple(int(row[4]) for row in rows if len(row) > 5 and row[1] == "FLOCK" and row[5] == file)


def _owner(pid: int) -> int | None:
    """Return the real user of a process. The owner of its folder in /proc may be root, if it may not be dumped."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("Uid:")), None)

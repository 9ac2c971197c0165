"""Private files and folders: created for their owner only, never through a link, and checked at start.

Closing any descriptor of a file drops this process's POSIX locks on it, including SQLite's: no function here opens a
database that this process has open already.
"""

from __future__ import annotations

import errno
import glob
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
OTHERS = 0o077


class NotPrivateError(OSError):
    """A file that this user doesn't own, or that is not a regular file; its text is one sentence."""


def private_folder(folder: Path) -> None:
    """Create a folder, and missing ones above it; only the folder itself is private. Raises OSError."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        folder.mkdir(mode=PRIVATE_FOLDER)
        folder.chmod(PRIVATE_FOLDER)  # a umask may have removed more
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))


def create_private(file: Path) -> int:
    """Create a file for its owner only, whatever the umask; return its descriptor, open for reading and writing.

    Raises:
        FileExistsError: something has this name already, a dangling link included.
        OSError: it can't be created.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_FILE)
    os.fchmod(descriptor, PRIVATE_FILE)
    if os.geteuid() == 0:
        # As SQLite does for its own: a file that root created would keep the folder's user from starting.
        folder = file.parent.stat()
        os.fchown(descriptor, folder.st_uid, folder.st_gid)
    return descriptor


def ensure_private(file: Path) -> None:
    """Create an empty private file if there is none; an existing one is neither opened nor changed."""
    with suppress(FileExistsError):
        os.close(create_private(file))


def open_own(file: Path, flags: int = os.O_RDONLY) -> int:
    """Open a regular file that this user owns and that is not a link; return its descriptor.

    Root may open what the owner of the folder owns.

    Raises:
        NotPrivateError: it is another user's, a link, or not a regular file.
        FileNotFoundError, OSError: it can't be opened.
    """
    try:
        # O_NONBLOCK: opening a FIFO must not wait for its other end.
        descriptor = os.open(file, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        if file.is_symlink():
            raise NotPrivateError(f"{file} is a symbolic link") from None
        raise
    status = os.fstat(descriptor)
    problem = _not_own(file, status)
    if problem:
        os.close(descriptor)
        raise NotPrivateError(problem)
    return descriptor


def is_exposed(descriptor: int) -> bool:
    """Return whether other users may open this file."""
    return bool(os.fstat(descriptor).st_mode & OTHERS)


def sync_folder(folder: Path) -> None:
    """Sync a folder, so that the names in it survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(file: Path) -> None:
    """Sync a file, so that its content survives a power cut."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def data_files(*databases: Path) -> Iterator[Path]:
    """Yield the existing files beside SQLite databases: logs, notes, kept histories. Lock files check themselves."""
    for database in databases:
        stem, name = glob.escape(database.stem), glob.escape(database.name)
        for pattern in (f"{name}*", f"{stem}.before-restore-*"):
            yield from (file for file in database.parent.glob(pattern) if not file.name.endswith(".lock"))


def tighten(folder: Path, files: Iterable[Path]) -> Iterator[str]:
    """Make this user's files private, and yield what was changed and what the user must change.

    A folder is only reported: it may hold other files that others use. Call it before this process opens any of the
    files.
    """
    with suppress(FileNotFoundError):
        status = folder.stat()
        if status.st_mode & OTHERS:
            yield (
                f"Other users can open the data folder {folder} (mode {stat.S_IMODE(status.st_mode):04o}). "
                f"Close it with: chmod 700 '{folder}'"
            )
    for file in files:
        with suppress(FileNotFoundError):
            problem = _tighten(file)
            if problem:
                yield problem


def _tighten(file: Path) -> str:
    try:
        descriptor = open_own(file)
    except FileNotFoundError:
        raise
    except NotPrivateError as error:
        return f"{error}; other users may be able to read or change it."
    except OSError as error:
        return f"{file} can't be checked: {error.strerror}."
    mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
    try:
        if mode & OTHERS:
            os.fchmod(descriptor, PRIVATE_FILE)
    except OSError as error:
        return f"Other users can open {file}, and its mode can't be changed: {error.strerror}."
    finally:
        os.close(descriptor)
    return f"Other users could open {file} (mode {mode:04o}); it is now private (0600)." if mode & OTHERS else ""


def _not_own(file: Path, status: os.stat_result) -> str:
    if not stat.S_ISREG(status.st_mode):
        return f"{file} is not a regular file"
    owners = {os.geteuid()} | ({file.parent.stat().st_uid} if os.geteuid() == 0 else set())
    if status.st_uid not in owners:
        return f"{file} belongs to another user (uid {status.st_uid})"
    return ""

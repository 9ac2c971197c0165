"""A lock file names its holder, and no other user can hold it."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import stat
from contextlib import contextmanager

import pytest

from app.lock_file import Holder, LockedError, LockFile, current_holder, exclusive, flock_holders
from tests.console import start_console
from tests.sandbox_server import start_sandbox

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
STRANGER = 65534


@pytest.fixture
def file(tmp_path):
    return tmp_path / "sailpass.db.lock"


@pytest.fixture
def lock(file):
    made = LockFile(file, file.with_name("guard"))
    yield made
    made.release()


def another(lock: LockFile) -> LockFile:
    return LockFile(lock._file, lock._guard)


@contextmanager
def stranger_holds(file):
    """A process of another user that has opened a file for reading, and locked it."""
    ready, locked = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            descriptor = os.open(file, os.O_RDONLY)  # before: the folders of the test are root's alone
            os.setuid(STRANGER)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            os.write(locked, b"1")
            signal.pause()
        finally:
            os._exit(1)
    os.close(locked)
    assert os.read(ready, 1) == b"1"
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(ready)


def test_one_holds_it_and_says_so(file, lock):
    lock.acquire("restore")
    with pytest.raises(LockedError) as refused:
        another(lock).acquire()
    assert refused.value.holder == Holder(os.getpid(), "restore")
    lock.release()
    another(lock).acquire()


def test_it_says_where_it_serves_while_it_does(file, lock):
    lock.acquire()
    assert current_holder(file) == Holder(os.getpid())
    lock.announce("http://127.0.0.1:8000")
    assert current_holder(file) == Holder(os.getpid(), "", "http://127.0.0.1:8000")
    lock.announce("")
    assert current_holder(file).address == ""
    lock.release()
    assert current_holder(file) is None


def test_looking_never_keeps_anybody_from_the_lock(file, lock):
    """A check holds the lock for a moment."""
    lock.acquire()
    lock.release()
    looking = os.open(file, os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    signal.signal(signal.SIGALRM, lambda *_: os.close(looking))
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    lock.acquire()
    lock.release()


def write_content(file, content: str) -> None:
    file.write_text(content)
    file.chmod(0o600)


FORGED = json.dumps({"pid": 1, "task": "", "address": "http://127.0.0.1:1"})


def test_what_nobody_holds_is_not_believed(file):
    write_content(file, FORGED)
    assert current_holder(file) is None


def test_what_others_could_have_opened_is_not_believed(file, lock):
    lock.acquire()
    lock.announce("http://127.0.0.1:1")
    file.chmod(0o640)
    assert current_holder(file) is None


def test_a_link_is_not_believed(file, lock):
    lock.acquire()
    lock.announce("http://127.0.0.1:1")
    file.rename(file.with_name("real"))
    file.symlink_to(file.with_name("real"))
    assert current_holder(file) is None


def test_a_file_of_two_names_is_not_believed(file, lock):
    lock.acquire()
    lock.announce("http://127.0.0.1:1")
    os.link(file, file.with_name("second"))
    assert current_holder(file) is None


@AS_ROOT
def test_somebody_elses_file_is_not_believed(file, lock):
    lock.acquire()
    lock.announce("http://127.0.0.1:1")
    os.chown(file, STRANGER, STRANGER)
    assert current_holder(file) is None


@pytest.mark.parametrize("content", ["", "nonsense", "[]", '{"pid": "1"}', "{}"])
def test_what_cannot_be_read_has_no_holder(file, lock, content):
    lock.acquire()
    write_content(file, content)
    assert current_holder(file) is None


def test_an_older_release_wrote_its_number_alone(file, lock):
    lock.acquire()
    write_content(file, "4711")
    assert current_holder(file) == Holder(4711)


def test_an_exposed_file_is_replaced_by_a_private_one(file, lock):
    file.touch()
    file.chmod(0o644)
    before = file.stat().st_ino
    lock.acquire()
    assert (stat.S_IMODE(file.stat().st_mode), file.stat().st_ino != before) == (0o600, True)
    with pytest.raises(LockedError):
        another(lock).acquire()


def test_an_older_release_that_holds_an_exposed_file_is_left_alone(file, lock):
    file.touch()
    file.chmod(0o644)
    older = os.open(file, os.O_RDWR)
    fcntl.flock(older, fcntl.LOCK_EX)
    with pytest.raises(LockedError):
        lock.acquire()
    os.close(older)


@AS_ROOT
def test_another_users_lock_on_an_exposed_file_keeps_nobody_from_starting(file, lock):
    file.touch()
    file.chmod(0o644)
    with stranger_holds(file):
        lock.acquire()
        with pytest.raises(LockedError):
            another(lock).acquire()


@AS_ROOT
def test_a_console_starts_though_a_stranger_locked_its_file(tmp_path):
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "sailpass.db.lock"
    file.touch()
    file.chmod(0o644)
    with stranger_holds(file), start_sandbox() as sandbox, start_console(tmp_path / "data", sandbox=sandbox) as console:
        assert console.get("/readyz").status == 200
        assert "a process of another user holds" in console.log()


LOCKS = """\
1: POSIX  ADVISORY  READ 111 fd:01:131 128 128
2: FLOCK  ADVISORY  WRITE 222 fd:01:131 0 EOF
2: -> FLOCK  ADVISORY  WRITE 333 fd:01:131 0 EOF
3: FLOCK  ADVISORY  WRITE 444 fd:02:131 0 EOF
4: FLOCK  ADVISORY  READ 555 fd:01:131 0 EOF
"""


def test_holders_are_those_the_kernel_names():
    assert flock_holders(LOCKS, "fd:01:131") == (222, 555)


def test_nobody_else_has_a_guard_meanwhile(file):
    with exclusive(file):
        descriptor = os.open(file, os.O_RDWR)
        with pytest.raises(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(descriptor)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

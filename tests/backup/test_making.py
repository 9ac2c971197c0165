"""Backups: a snapshot of the history while the console writes, private, complete or not at all."""

import os
import resource
import shlex
import shutil
import stat
import subprocess
import sys
import threading

import pytest

from app.backup.errors import BackupError
from app.backup.making import backup
from app.backup.tables import DROPPED
from app.settings import load
from tests.backup.conftest import change, fill, operations_in, query, running
from tests.history.happened import happened


def test_it_holds_what_was_there_while_others_write(settings, history, tmp_path):
    running(history, "before")
    with history.write() as session:
        session.connection()
        backup(settings, tmp_path / "copy.db")
    running(history, "after")
    assert operations_in(tmp_path / "copy.db") == ["before"]


def test_it_holds_each_operation_whole_while_many_are_written(settings, history, tmp_path):
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            running(history, f"{number:05}")
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            backup(settings, tmp_path / f"copy-{number}.db")
    finally:
        stop.set()
        writer.join()
    for number in range(3):
        file = tmp_path / f"copy-{number}.db"
        ids = operations_in(file)
        assert ids == [f"{index:05}" for index in range(len(ids))]
        assert query(file, "SELECT count(*) FROM operation_steps") == [(2 * len(ids),)]
        assert query(file, "SELECT count(*) FROM policy_changes") == [(len(ids),)]


def test_it_holds_no_way_in_and_nothing_of_aws(settings, history, tmp_path):
    fill(history)
    backup(settings, tmp_path / "copy.db")
    assert [name for name in DROPPED if query(tmp_path / "copy.db", f"SELECT count(*) FROM {name}") != [(0,)]] == []
    content = (tmp_path / "copy.db").read_bytes()
    assert [
        word for word in (b"link-secret", b"session-secret", b"token-secret", b"seen-in-aws") if word in content
    ] == []


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_only_its_owner_can_open_it(settings, history, tmp_path, umask):
    before = os.umask(umask)
    try:
        backup(settings, tmp_path / "copy.db")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    assert {file.name for file in tmp_path.iterdir()} == {"data", "copy.db"}


@pytest.mark.parametrize("kind", ["file", "link", "dangling link", "fifo"])
def test_it_never_replaces_anything(settings, history, tmp_path, kind):
    target, other = tmp_path / "mine.txt", tmp_path / "other.txt"
    if kind == "file":
        target.write_text("mine")
    elif kind == "fifo":
        os.mkfifo(target)
    else:
        target.symlink_to(other)
    if kind == "link":
        other.write_text("mine")
    with pytest.raises(BackupError, match="exists already"):
        backup(settings, target)
    assert {file.name for file in tmp_path.iterdir()} <= {"data", "mine.txt", "other.txt"}
    assert not other.exists() or other.read_text() == "mine"


def test_a_name_that_is_taken_meanwhile_is_left_alone(settings, history, tmp_path, monkeypatch):
    target = tmp_path / "copy.db"
    link = os.link

    def late(source, name):
        target.write_text("theirs")
        link(source, name)

    monkeypatch.setattr(os, "link", late)
    with pytest.raises(BackupError, match="has just been made"):
        backup(settings, target)
    assert (target.read_text(), {file.name for file in tmp_path.iterdir()}) == ("theirs", {"data", "copy.db"})


def test_a_folder_that_is_missing_is_named(settings, history, tmp_path):
    with pytest.raises(BackupError, match=r"No backup was made in .*no-such-folder/copy\.db: No such file"):
        backup(settings, tmp_path / "no-such-folder" / "copy.db")
    assert not (tmp_path / "no-such-folder").exists()


def damage_an_index(file):
    """As a disk does: an index that says something else than its table."""
    change(
        file,
        "PRAGMA writable_schema=ON",
        "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name='ix_operations_newest')"
        " WHERE name='ix_operations_service'",
    )


def damage_a_page(file):
    with file.open("r+b") as content:
        content.seek(4096 * 3)
        content.write(b"\xff" * 4096)


def damage_the_head(file):
    with file.open("r+b") as content:
        content.write(b"\0" * 100)


def lose_a_parent(file):
    change(file, "PRAGMA foreign_keys=OFF", "DELETE FROM operations WHERE id='ended'")


@pytest.mark.parametrize("damage", [damage_an_index, damage_a_page, damage_the_head, lose_a_parent])
def test_a_damaged_history_makes_no_backup(settings, history, tmp_path, damage):
    fill(history)
    history.close()
    damage(settings.data_dir / "sailpass.db")
    with pytest.raises(BackupError, match=r"can't be backed up: it is (damaged|not a Sailpass database)"):
        backup(settings, tmp_path / "copy.db")
    assert {file.name for file in tmp_path.iterdir()} == {"data"}


@pytest.fixture
def large(settings, history):
    """A history of two megabytes."""
    for number in range(300):
        happened(history, f"op-{number}", input={"text": "x" * 5000})
    history.close()
    return settings


def command(settings, target) -> list[str]:
    return [sys.executable, "-m", "app.cli", "backup", str(target), "--data-dir", str(settings.data_dir)]


def test_a_disk_that_takes_no_more_is_named_and_nothing_is_left(large, tmp_path):
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))

    run = command(large, tmp_path / "copy.db")
    ran = subprocess.run(run, capture_output=True, text=True, check=False, preexec_fn=limited)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith(
        f"sailpass: No backup was made in {tmp_path / 'copy.db'}: disk I/O error (check the disk's"
    )
    assert {file.name for file in tmp_path.iterdir()} == {"data"}


# A small disk of one's own, which the kernel gives to everybody unless it was told not to.
IN_NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
HAS_NAMESPACES = shutil.which("unshare") and not subprocess.call([*IN_NAMESPACE, "mount -t tmpfs none /mnt"], stderr=-3)


@pytest.mark.skipif(not HAS_NAMESPACES, reason="this kernel gives nobody a mount namespace")
def test_a_full_disk_is_named_and_nothing_is_left(large, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    line = shlex.join(command(large, disk / "copy.db"))
    script = f"mount -t tmpfs -o size=600k none '{disk}' && {line}; echo \"$?\"; ls -A '{disk}'"
    ran = subprocess.run([*IN_NAMESPACE, script], capture_output=True, text=True, check=False)
    assert ran.stderr == f"sailpass: No backup was made in {disk / 'copy.db'}: the disk is full.\n"
    assert ran.stdout == "2\n"


def test_postgresql_is_left_to_its_own_tools(tmp_path):
    settings = load(database_url="postgresql+psycopg://nobody@127.0.0.1/none")
    with pytest.raises(BackupError, match="pg_dump"):
        backup(settings, tmp_path / "copy.db")


def test_the_command_says_what_it_did(settings, history, tmp_path):
    ran = subprocess.run(command(settings, tmp_path / "copy.db"), capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, f"The history is in {tmp_path / 'copy.db'}.\n")


def test_a_folder_without_a_history_is_named(settings, tmp_path):
    ran = subprocess.run(command(settings, tmp_path / "copy.db"), capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (
        2,
        f"sailpass: There is no history in {settings.data_dir}; name its folder with --data-dir.\n",
    )

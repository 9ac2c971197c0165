"""Private files and folders."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from app.files import NotPrivateError, create_private, data_files, ensure_private, open_own, private_folder, tighten
from tests.cli.running import quickly, sailpass
from tests.console import free_port, start_console
from tests.sandbox_server import start_sandbox

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of two users")
STRANGER = 65534


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@contextlib.contextmanager
def umask(value: int):
    before = os.umask(value)
    try:
        yield
    finally:
        os.umask(before)


@pytest.mark.parametrize("value", [0o000, 0o022, 0o777])
def test_modes_do_not_depend_on_the_umask(tmp_path, value):
    with umask(value):
        private_folder(tmp_path / "folder")
        os.close(create_private(tmp_path / "folder" / "file"))
    assert (mode(tmp_path / "folder"), mode(tmp_path / "folder" / "file")) == (0o700, 0o600)


def test_a_folder_that_exists_stays_as_it_is(tmp_path):
    tmp_path.chmod(0o755)
    private_folder(tmp_path)
    assert mode(tmp_path) == 0o755


def test_nothing_is_created_through_a_link(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(FileExistsError):
        create_private(tmp_path / "link")
    ensure_private(tmp_path / "link")
    assert not (tmp_path / "target").exists()


def a_link(file: Path) -> None:
    file.with_name("target").touch()
    file.symlink_to(file.with_name("target"))


@pytest.mark.parametrize("make", [a_link, os.mkfifo, Path.mkdir])
def test_only_a_regular_file_is_opened(tmp_path, make):
    make(tmp_path / "odd")
    with pytest.raises(NotPrivateError, match=r"is a symbolic link|is not a regular file"):
        open_own(tmp_path / "odd")


@AS_ROOT
def test_only_an_own_file_is_opened(tmp_path):
    file = tmp_path / "file"
    file.touch()
    os.chown(file, STRANGER, STRANGER)
    with pytest.raises(NotPrivateError, match="belongs to another user"):
        open_own(file)


@AS_ROOT
def test_what_root_leaves_belongs_to_the_user_of_the_folder(tmp_path):
    os.chown(tmp_path, STRANGER, STRANGER)
    ensure_private(tmp_path / "file")
    assert (tmp_path / "file").stat().st_uid == STRANGER
    os.close(open_own(tmp_path / "file"))


def test_exposed_files_are_closed_and_said(tmp_path):
    tmp_path.chmod(0o700)
    names = ("sailpass.db", "sailpass.db-wal", "sailpass-engine.db", "sailpass.before-restore-1.db", "notes.txt")
    for name in names:
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)
    files = data_files(tmp_path / "sailpass.db", tmp_path / "sailpass-engine.db")
    said = list(tighten(tmp_path, files))
    assert [mode(tmp_path / name) for name in names] == [0o600] * 4 + [0o644]
    assert len(said) == 4
    assert f"Other users could open {tmp_path / 'sailpass.db'} (mode 0644); it is now private (0600)." in said


def test_an_exposed_folder_is_said_with_the_command_that_closes_it(tmp_path):
    tmp_path.chmod(0o755)
    (sentence,) = tighten(tmp_path, [])
    assert sentence.endswith(f"(mode 0755). Close it with: chmod 700 '{tmp_path}'")
    assert mode(tmp_path) == 0o755


def test_private_ones_are_not_worth_a_word(tmp_path):
    tmp_path.chmod(0o700)
    ensure_private(tmp_path / "sailpass.db")
    assert list(tighten(tmp_path, data_files(tmp_path / "sailpass.db"))) == []


def test_a_link_is_said_and_not_followed(tmp_path):
    tmp_path.chmod(0o700)
    (tmp_path / "other").touch(0o644)
    (tmp_path / "other").chmod(0o644)
    (tmp_path / "sailpass.db").symlink_to(tmp_path / "other")
    (sentence,) = tighten(tmp_path, data_files(tmp_path / "sailpass.db"))
    assert "is a symbolic link" in sentence
    assert mode(tmp_path / "other") == 0o644


def test_all_that_a_console_and_its_commands_write_is_private(tmp_path):
    """Whatever the umask: here one that removes nothing."""
    folder = tmp_path / "new" / "data"
    with umask(0), start_sandbox() as sandbox:
        private_folder(folder)  # the test's log goes there
        with start_console(folder, sandbox=sandbox, auth="local") as console:
            assert quickly(console.environment, "grant", "storefront-web", "edge/cache").status == 0
            assert quickly(console.environment, "backup", str(folder / "copy.db")).status == 0
            while_serving = {file.name: mode(file) for file in folder.iterdir()}
            log = console.log()
        assert quickly(console.environment, "restore", str(folder / "copy.db")).status == 0
    after = {file.name: mode(file) for file in folder.iterdir()}
    written = {**after, **while_serving}
    written.pop("log.txt")
    assert {"sailpass.db", "sailpass.db-wal", "sailpass.db.lock", "sailpass-engine.db-wal", "copy.db"} <= written.keys()
    assert {name: value for name, value in written.items() if value != 0o600} == {}
    assert "Other users" not in log


def test_a_console_closes_what_an_older_release_left_open(tmp_path):
    with start_sandbox() as sandbox, start_console(tmp_path, sandbox=sandbox) as console:
        console.kill()
        tmp_path.chmod(0o755)
        for file in tmp_path.glob("sailpass*"):
            file.chmod(0o644)
        console.start_again()
        modes = {file.name: mode(file) for file in tmp_path.glob("sailpass*")}
        log = console.log()
    assert set(modes.values()) == {0o600}
    assert f"Close it with: chmod 700 '{tmp_path}'" in log
    assert f"Other users could open {tmp_path / 'sailpass.db'} (mode 0644); it is now private (0600)." in log


def no_database(file: Path) -> None:
    file.write_text("somebody's notes")


def of_another_program(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")


@pytest.mark.parametrize("made", [no_database, of_another_program])
def test_a_file_of_another_program_stays_as_it_is(tmp_path, made):
    """It was named by mistake: neither it nor what lies beside it is ours."""
    file, beside = tmp_path / "notes", tmp_path / "notes-2026.csv"
    made(file)
    beside.touch()
    tmp_path.chmod(0o755)
    for each in (file, beside):
        each.chmod(0o644)
    before = {each.name: (mode(each), each.read_bytes()) for each in tmp_path.iterdir()}
    url = f"sqlite:///{file}"
    ran = sailpass({**os.environ, "SAILPASS_DATABASE_URL": url, "SAILPASS_PORT": str(free_port())}, "serve")
    assert (ran.status, ran.err.count("\n"), f"{file} is not a Sailpass database" in ran.err) == (2, 1, True), ran.err
    assert {each.name: (mode(each), each.read_bytes()) for each in tmp_path.iterdir()} == before

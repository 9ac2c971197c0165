"""Backups: a consistent copy while the console writes, and back, with what was living carried on."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime

import pytest

from app.backup import BackupError, backup, restore
from app.db import Database
from app.history import record
from app.migrate import migrate
from app.operations.engine import VERSION
from app.operations.lease import Pace, lease_for
from app.settings import load

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path):
    return load(data_dir=tmp_path / "data")


@pytest.fixture
def history(settings):
    settings.data_dir.mkdir()
    database = Database(settings.history_url)
    migrate(database)
    yield database
    database.close()


def remember(history, number):
    names = {"kind": "grant", "connection": "default", "region": "us-east-1", "service": "s", "repository": "a/b"}
    new = record.NewOperation(id=f"op-{number}", **names, subject=str(number), asked_by="mika", steps=["update_policy"])
    record.insert_or_join(history, new, lambda *_: "", NOW)


def operations_in(file):
    with closing(sqlite3.connect(file)) as there:
        return [row[0] for row in there.execute("SELECT id FROM operations ORDER BY id")]


def test_a_backup_holds_what_was_there_while_others_write(settings, history, tmp_path):
    remember(history, 1)
    with history.write() as session:
        session.connection()
        backup(settings, tmp_path / "copy.db")
    remember(history, 2)
    assert operations_in(tmp_path / "copy.db") == ["op-1"]


def test_a_restore_brings_it_back_and_keeps_what_was_there(settings, history, tmp_path):
    remember(history, 1)
    backup(settings, tmp_path / "copy.db")
    remember(history, 2)
    history.close()
    kept = restore(settings, tmp_path / "copy.db", NOW)
    assert operations_in(settings.data_dir / "sailpass.db") == ["op-1"]
    assert operations_in(kept) == ["op-1", "op-2"]


def test_a_restore_sets_the_engine_aside(settings, history, tmp_path):
    (settings.data_dir / "sailpass-engine.db").write_bytes(b"old")
    backup(settings, tmp_path / "copy.db")
    history.close()
    restore(settings, tmp_path / "copy.db", NOW)
    assert not (settings.data_dir / "sailpass-engine.db").exists()


def test_nothing_is_restored_under_a_running_console(settings, history, tmp_path):
    backup(settings, tmp_path / "copy.db")
    running = lease_for(history, "local", VERSION, Pace())
    running.claim()
    with pytest.raises(BackupError, match="runs on this history"):
        restore(settings, tmp_path / "copy.db", NOW)
    running.give_up()


def test_a_backup_never_replaces_a_file(settings, history, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(BackupError, match="exists already"):
        backup(settings, tmp_path / "mine.txt")
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_place_that_cannot_be_written_leaves_nothing_behind(settings, history, tmp_path):
    with pytest.raises(BackupError, match="could not be written"):
        backup(settings, tmp_path / "no-such-folder" / "copy.db")
    assert not (tmp_path / "no-such-folder").exists()


@pytest.mark.parametrize("content", [b"", b"no database at all", b"SQLite format 3\0" + b"\xff" * 5000])
def test_what_is_no_backup_is_refused_and_changes_nothing(settings, history, tmp_path, content):
    remember(history, 1)
    (tmp_path / "odd.db").write_bytes(content)
    with pytest.raises(BackupError, match="no backup"):
        restore(settings, tmp_path / "odd.db", NOW)
    assert operations_in(settings.data_dir / "sailpass.db") == ["op-1"]


def test_a_backup_of_a_later_release_is_refused(settings, history, tmp_path):
    backup(settings, tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as there, there:
        there.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(BackupError, match="later release"):
        restore(settings, tmp_path / "copy.db", NOW)


def test_postgresql_is_left_to_its_own_tools(tmp_path):
    settings = load(database_url="postgresql+psycopg://nobody@127.0.0.1/none")
    with pytest.raises(BackupError, match="pg_dump"):
        backup(settings, tmp_path / "copy.db")


def test_the_commands_say_what_they_did(settings, history, tmp_path):
    command = [sys.executable, "-m", "app.cli", "backup", str(tmp_path / "copy.db"), "--data-dir"]
    done = subprocess.run([*command, str(settings.data_dir)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"The history is in {tmp_path / 'copy.db'}.\n")
    refused = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)
    assert refused.returncode == 2

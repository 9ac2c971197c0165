"""Restores: only the history of a backup comes back, the previous one is kept, and odd files are refused."""

from __future__ import annotations

import os
import resource
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing

import pytest
from sqlalchemy import select

from app.backup.errors import BackupError
from app.backup.making import backup
from app.backup.restoring import restore
from app.backup.tables import DROPPED, KEPT, OWN
from app.db import Base, Database
from app.history.models import Operation, PolicyChange, Step
from app.migrate import migrate, revisions, upgrade
from app.operations.engine import VERSION
from app.operations.lease import Pace, lease_for
from app.operations.read import find_progress
from app.operations.start import may_retry
from tests.backup.conftest import LATER, NOW, change, fill, operations_in, query, rows_of, running
from tests.history.happened import happened
from tests.repeats import some_of


@pytest.fixture
def copy(settings, history, tmp_path):
    """A backup of a history with everything in it, which is closed."""
    fill(history)
    backup(settings, tmp_path / "copy.db")
    history.close()
    return tmp_path / "copy.db"


@pytest.fixture
def whole(settings, history):
    """A copy of the database file itself, as releases before this one made their backups."""
    fill(history)
    history.close()
    file = settings.data_dir.parent / "whole.db"
    file.write_bytes((settings.data_dir / "sailpass.db").read_bytes())
    change(file, "PRAGMA journal_mode=DELETE")
    return file


def served(settings) -> Database:
    return Database(settings.history_url)


def test_each_table_is_kept_or_dropped():
    assert sorted((*KEPT, *DROPPED, *OWN)) == sorted(Base.metadata.tables)


@pytest.mark.parametrize("made", ["copy", "whole"])
def test_only_the_history_comes_back(request, settings, made):
    file = request.getfixturevalue(made)
    restore(settings, file, LATER)
    database = served(settings)
    assert rows_of(database) == {"operations": 2, "operation_steps": 3, "policy_changes": 2, "sign_in_events": 1}
    database.close()


def test_what_was_there_is_kept(settings, copy):
    database = served(settings)
    running(database, "since")
    database.close()
    restored = restore(settings, copy, NOW)
    assert operations_in(settings.data_dir / "sailpass.db") == ["ended", "running"]
    assert operations_in(restored.kept) == ["ended", "running", "since"]
    assert restored.kept.name == "sailpass.before-restore-20261124-120000.db"


def test_two_restores_in_one_second_keep_both(settings, copy):
    kept = [restore(settings, copy, NOW).kept for _ in range(2)]
    assert len(set(kept)) == 2
    assert all(file.is_file() for file in kept)


def test_the_log_of_a_server_that_was_killed_is_kept_with_its_database(settings, copy):
    file = settings.data_dir / "sailpass.db"
    held = sqlite3.connect(file)
    held.execute("DELETE FROM operations WHERE id='ended'")
    held.commit()  # in the log alone
    log = file.with_name("sailpass.db-wal").read_bytes()
    main = file.read_bytes()
    held.close()
    file.write_bytes(main)
    file.with_name("sailpass.db-wal").write_bytes(log)
    kept = restore(settings, copy, NOW).kept
    assert operations_in(file) == ["ended", "running"]
    assert operations_in(kept) == ["running"]


def test_a_log_without_its_database_is_no_part_of_the_new_one(settings, copy):
    file = settings.data_dir / "sailpass.db"
    held = sqlite3.connect(file)
    held.execute("DELETE FROM operations")
    held.commit()
    log = file.with_name("sailpass.db-wal").read_bytes()
    held.close()
    file.unlink()
    file.with_name("sailpass.db-wal").write_bytes(log)
    assert restore(settings, copy, NOW).kept is None
    assert operations_in(file) == ["ended", "running"]


def test_what_was_running_ends_as_interrupted_with_its_steps(settings, copy):
    assert restore(settings, copy, LATER).interrupted == 1
    database = served(settings)
    progress = find_progress(database, "running")
    database.close()
    assert (progress.outcome, progress.ended_at, may_retry(progress.outcome)) == ("interrupted", LATER, True)
    assert [step.state for step in progress.steps] == ["interrupted", "interrupted"]
    assert progress.unconfirmed


def test_its_open_write_stays_in_its_record(settings, copy):
    restore(settings, copy, LATER)
    database = served(settings)
    with database.read() as session:
        write = session.scalars(select(PolicyChange).where(PolicyChange.operation_id == "running")).one()
    database.close()
    assert (write.after, write.written_at) == ('{"sent": 1}', None)


def test_what_had_ended_stays_as_it_was(settings, history, copy):
    with history.read() as session:
        before = session.get(Operation, "ended")
        step = session.scalars(select(Step).where(Step.operation_id == "ended")).one()
    history.close()
    restore(settings, copy, LATER)
    database = served(settings)
    with database.read() as session:
        after = session.get(Operation, "ended")
        assert {name: getattr(after, name) for name in after.__table__.columns.keys()} == {  # noqa: SIM118
            name: getattr(before, name)
            for name in before.__table__.columns.keys()  # noqa: SIM118
        }
        assert session.scalars(select(Step).where(Step.operation_id == "ended")).one().state == step.state
    database.close()


def test_the_engine_is_set_aside_with_its_log(settings, copy):
    for end in ("", "-wal", "-shm"):
        (settings.data_dir / f"sailpass-engine.db{end}").write_text(f"old{end}")
    restore(settings, copy, NOW)
    kept = sorted(file.name for file in settings.data_dir.glob("sailpass-engine*"))
    name = "sailpass-engine.before-restore-20261124-120000.db"
    assert kept == [name, f"{name}-shm", f"{name}-wal"]


def test_all_that_it_writes_is_private(settings, copy):
    before = os.umask(0)
    try:
        restore(settings, copy, NOW)
    finally:
        os.umask(before)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in settings.data_dir.iterdir()}
    assert set(modes.values()) == {0o600}


def test_it_works_where_there_was_no_history(settings, copy, tmp_path):
    elsewhere = settings.model_copy(update={"data_dir": tmp_path / "new" / "data"})
    assert restore(elsewhere, copy, NOW).kept is None
    assert operations_in(elsewhere.data_dir / "sailpass.db") == ["ended", "running"]
    assert stat.S_IMODE(elsewhere.data_dir.stat().st_mode) == 0o700


@pytest.mark.parametrize("revision", some_of(revisions(), 8))
def test_a_backup_of_each_older_release_comes_back(settings, tmp_path, revision):
    file = tmp_path / "old.db"
    database = Database(f"sqlite:///{file}")
    with database.engine.connect() as connection:
        upgrade(connection, revision)
    database.close()
    change(
        file,
        "PRAGMA journal_mode=DELETE",
        "INSERT INTO operations (id, kind, connection, region, service, repository, subject, input, asked_by, asked_at,"
        " principal_arn, image_uri, version) VALUES ('old', 'grant', 'default', 'us-east-1', 's', 'a/b', 's', '{}', 'm',"
        " '2026-01-01 00:00:00.000000', '', '', 1)",
    )
    assert restore(settings, file, NOW).interrupted == 1
    assert query(settings.data_dir / "sailpass.db", "SELECT id, outcome FROM operations") == [("old", "interrupted")]
    database = served(settings)
    assert not migrate(database)
    database.close()


def test_nothing_is_restored_under_a_running_console(settings, history, copy):
    running_console = lease_for(history, "local", VERSION, Pace())
    running_console.claim()
    with pytest.raises(BackupError, match="runs on this history"):
        restore(settings, copy, NOW)
    running_console.give_up()


def test_no_console_starts_during_a_restore(settings, copy, monkeypatch):
    said = []

    def meanwhile(*_):
        lease = lease_for(served(settings), "local", VERSION, Pace())
        with pytest.raises(Exception, match="restores a backup into") as refused:
            lease.claim()
        said.append(refused.value)
        return "0001"

    monkeypatch.setattr("app.backup.restoring.check", meanwhile)
    with pytest.raises(BackupError):
        restore(settings, copy, NOW)
    assert said


A_SIGN_IN = (
    "INSERT INTO sign_in_events (kind, person, via, address, browser, subject, count, at, detail)"
    " VALUES ('signed_in', 'mika', 'link', '', '', '', 1,"
)
# What may stand in a file that somebody hands over as a backup.
ADDED = {
    "a trigger": (
        "CREATE TRIGGER evil AFTER UPDATE ON operations BEGIN DELETE FROM policy_changes; END",
        "a trigger, “evil”",
    ),
    "a view": ("CREATE VIEW evil AS SELECT 1", "a view, “evil”"),
    "a virtual table": ("CREATE VIRTUAL TABLE evil USING fts5(x)", "a virtual table, “evil”"),
    "a table": ("CREATE TABLE evil (x)", "the table “evil”, which Sailpass doesn't make"),
    "an index": ("CREATE INDEX evil ON operations (kind)", "the index “evil”, which Sailpass doesn't make"),
    "an expression": ("CREATE INDEX evil ON operations (upper(kind))", "the index “evil”, which Sailpass doesn't make"),
    "a column": ("ALTER TABLE operations ADD COLUMN evil TEXT", "the table “operations” is not as Sailpass makes it"),
    "a generated column": (
        "ALTER TABLE operations ADD COLUMN evil TEXT GENERATED ALWAYS AS (hex(zeroblob(9)))",
        "a generated column, “operations.evil”",
    ),
    "a missing table": ("DROP TABLE instances", "it lacks the table “instances”"),
    "a missing index": ("DROP INDEX ix_operations_newest", "it lacks the index “ix_operations_newest”"),
    "a missing column": ("ALTER TABLE policy_principals DROP COLUMN kind", "the table “policy_principals” is not as"),
    "an unknown kind": (
        "UPDATE operations SET kind='format_disk' WHERE id='ended'",
        "can't be read at operation ended",
    ),
    "a time that is none": ("UPDATE operations SET asked_at='yesterday' WHERE id='ended'", "can't be read"),
    "broken JSON": ("UPDATE operations SET problem='{' WHERE id='ended'", "can't be read"),
    "bytes for text": ("UPDATE operations SET asked_by=x'00ff'", "“operations.asked_by” holds a value that isn't text"),
    "text for a number": ("UPDATE operations SET version='x'", "“operations.version” holds a value that isn't integer"),
    "a sign-in at no time": (f"{A_SIGN_IN} 'then', '{{}}')", "its table “sign_in_events” can't be read (ValueError)"),
    "a sign-in's broken JSON": (
        f"{A_SIGN_IN} '2026-11-24 12:00:00.000000', '{{')",
        "its table “sign_in_events” can't be read",
    ),
    "a sign-in's list": (
        f"{A_SIGN_IN} '2026-11-24 12:00:00.000000', '[1]')",
        "its table “sign_in_events” can't be read (TypeError)",
    ),
    "an orphan": (
        "DELETE FROM operations WHERE id='ended'",
        "it is damaged (a row of operation_steps belongs to no row",
    ),
    "a later release": ("UPDATE alembic_version SET version_num='9999'", "of a later release (revision 9999"),
    "no release": ("DELETE FROM alembic_version", "it is not a Sailpass database"),
    "two releases": ("INSERT INTO alembic_version VALUES ('0001')", "it is not a Sailpass database"),
}


@pytest.mark.parametrize("statement, reason", ADDED.values(), ids=ADDED)
def test_a_file_with_what_is_not_ours_is_refused_and_changes_nothing(settings, copy, statement, reason):
    change(copy, statement)
    before = {file.name: file.read_bytes() for file in settings.data_dir.iterdir() if "lock" not in file.name}
    with pytest.raises(BackupError) as refused:
        restore(settings, copy, NOW)
    assert reason in str(refused.value)
    assert str(refused.value).endswith("Nothing was changed.")
    assert before == {file.name: file.read_bytes() for file in settings.data_dir.iterdir() if "lock" not in file.name}


def test_a_view_in_the_place_of_a_table_is_refused(settings, copy):
    change(copy, "DROP TABLE alembic_version", "CREATE VIEW alembic_version AS SELECT '0001' AS version_num")
    with pytest.raises(BackupError, match="a view, “alembic_version”"):
        restore(settings, copy, NOW)


def test_nothing_but_rows_is_taken_from_a_file(settings, copy):
    """What the checks cannot see comes along no more than what they see."""
    change(
        copy,
        "PRAGMA writable_schema=ON",
        "UPDATE sqlite_master SET sql=replace(sql, 'kind VARCHAR(20) NOT NULL',"
        " 'kind VARCHAR(20) NOT NULL CHECK (kind <> ''revoke'')') WHERE name='operations'",
    )
    restore(settings, copy, NOW)
    assert "CHECK" not in str(query(settings.data_dir / "sailpass.db", "SELECT sql FROM sqlite_master"))


@pytest.mark.parametrize("content", [b"", b"no database at all", b"SQLite format 3\0" + b"\xff" * 5000])
def test_what_is_no_backup_is_refused_and_changes_nothing(settings, copy, tmp_path, content):
    (tmp_path / "odd.db").write_bytes(content)
    with pytest.raises(BackupError, match=r"can't be restored: it is (not a Sailpass backup|damaged)"):
        restore(settings, tmp_path / "odd.db", NOW)
    assert operations_in(settings.data_dir / "sailpass.db") == ["ended", "running"]


def test_a_damaged_backup_is_refused(settings, copy):
    with copy.open("r+b") as content:
        content.seek(4096 * 4)
        content.write(b"\xff" * 4096)
    with pytest.raises(BackupError, match="it is damaged"):
        restore(settings, copy, NOW)


def test_a_disk_that_takes_no_more_leaves_what_was_there(settings, copy):
    database = served(settings)
    for number in range(200):
        happened(database, f"op-{number}", input={"text": "x" * 5000})
    backup(settings, copy.with_name("large.db"))
    database.close()
    before = sorted(file.name for file in settings.data_dir.iterdir() if "lock" not in file.name)

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    run = [sys.executable, "-m", "app.cli", "restore", str(copy.with_name("large.db"))]
    run += ["--data-dir", str(settings.data_dir)]
    ran = subprocess.run(run, capture_output=True, text=True, check=False, preexec_fn=limited)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith(f"sailpass: Nothing was restored into {settings.data_dir}: the disk is full.")
    assert sorted(file.name for file in settings.data_dir.iterdir() if "lock" not in file.name) == before


def test_a_link_is_refused_and_says_where_it_leads(settings, copy, tmp_path):
    (tmp_path / "latest.db").symlink_to(copy)
    with pytest.raises(BackupError, match=rf"symbolic link; name the file itself, {copy}"):
        restore(settings, tmp_path / "latest.db", NOW)


@pytest.mark.parametrize("make, reason", [(os.mkfifo, "not a regular file"), (os.mkdir, "not a regular file")])
def test_what_is_no_file_is_refused_at_once(settings, copy, tmp_path, make, reason):
    make(tmp_path / "odd")
    with pytest.raises(BackupError, match=reason):
        restore(settings, tmp_path / "odd", NOW)


def test_a_file_that_is_missing_is_named(settings, copy, tmp_path):
    with pytest.raises(BackupError, match=r"none\.db can't be restored: there is no such file\. Nothing was changed"):
        restore(settings, tmp_path / "none.db", NOW)


def test_a_database_in_use_is_no_backup(settings, history, tmp_path):
    """Its last changes are in the log, which a copy of the file would silently lose."""
    running(history, "in the log")
    elsewhere = settings.model_copy(update={"data_dir": tmp_path / "other"})
    with pytest.raises(BackupError, match="its last changes are in"):
        restore(elsewhere, settings.data_dir / "sailpass.db", NOW)


def test_a_backup_that_was_copied_into_place_is_not_served(settings, copy):
    file = settings.data_dir / "sailpass.db"
    file.write_bytes(copy.read_bytes())
    database = served(settings)
    with pytest.raises(Exception, match=rf"is a backup that was copied here.*sailpass restore '{file}'"):
        migrate(database)
    database.close()
    restore(settings, file, NOW)
    migrate(served(settings))
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (0,)


def test_a_linked_database_is_not_served(settings, copy, tmp_path):
    file = settings.data_dir / "sailpass.db"
    file.rename(tmp_path / "real.db")
    file.symlink_to(tmp_path / "real.db")
    database = served(settings)
    with pytest.raises(Exception, match="is a symbolic link, so two servers could use one database"):
        migrate(database)
    database.close()

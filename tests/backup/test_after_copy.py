"""SQLite: after-restore clears a file restored by other means."""

from __future__ import annotations

import pytest

from app.backup.after import after_restore
from app.backup.errors import BackupError
from app.db import Database
from app.operations.engine import VERSION
from app.operations.lease import Pace, lease_for
from app.operations.read import find_progress
from tests.backup.conftest import LATER, NOW, fill, rows_of


@pytest.fixture
def copied(settings, history):
    """A history with everything in it, as a snapshot of the disk brings it back."""
    fill(history)
    history.close()
    for end in ("", "-wal"):
        (settings.data_dir / f"sailpass-engine.db{end}").write_text("old")
    return settings


def test_it_leaves_the_history_and_nothing_else(copied):
    assert after_restore(copied, LATER) == 1
    database = Database(copied.history_url)
    assert rows_of(database) == {"operations": 2, "operation_steps": 3, "policy_changes": 2, "sign_in_events": 1}
    assert find_progress(database, "running").outcome == "interrupted"
    database.close()


def test_it_sets_the_engine_aside(copied):
    after_restore(copied, NOW)
    name = "sailpass-engine.before-restore-20261124-120000.db"
    assert sorted(file.name for file in copied.data_dir.glob("sailpass-engine*")) == [name, f"{name}-wal"]


def test_it_may_be_repeated(copied):
    assert [after_restore(copied, NOW), after_restore(copied, NOW)] == [1, 0]


def test_it_is_refused_under_a_running_console(copied):
    console = lease_for(Database(copied.history_url), "local", VERSION, Pace())
    console.claim()
    with pytest.raises(BackupError, match="runs on this history"):
        after_restore(copied, NOW)
    console.give_up()


def test_there_must_be_something(settings):
    settings.data_dir.mkdir()
    with pytest.raises(BackupError, match="There is no history in"):
        after_restore(settings, NOW)
    assert list(settings.data_dir.iterdir()) == []


def test_only_postgresql_needs_to_be_told_that_it_moved(copied):
    with pytest.raises(BackupError, match="--moved is for PostgreSQL"):
        after_restore(copied, NOW, moved=True)

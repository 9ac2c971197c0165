"""A restore killed at any moment leaves the old history or the new one, intact for the next start."""

from __future__ import annotations

import json
import sys

import pytest

from app.backup.making import backup
from app.db import Database
from app.migrate import migrate
from app.settings import load
from tests import fork_server
from tests.backup.conftest import fill, running
from tests.console import ROOT

pytestmark = pytest.mark.crash

OLD, NEW = ["ended", "running", "since"], ["ended", "running"]
# The restore itself is in the record of sign-ins: foreign changes are told by it.
NEW_ROWS = {"operations": 2, "operation_steps": 3, "policy_changes": 2, "sign_in_events": 1}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What the next start found after each kill, by the point of the kill."""
    folder = tmp_path_factory.mktemp("killed")
    settings = load(data_dir=folder / "before")
    settings.data_dir.mkdir()
    database = Database(settings.history_url)
    migrate(database)
    fill(database)
    backup(settings, folder / "copy.db")
    running(database, "since")
    database.close()
    for end in ("", "-wal"):
        (settings.data_dir / f"sailpass-engine.db{end}").write_text("old")
    arguments = [str(settings.data_dir), str(folder / "copy.db"), str(folder / "work")]
    ran = fork_server.run([sys.executable, "-m", "tests.backup.killing", *arguments], cwd=ROOT, timeout=400)
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def found(run):
    status, text = run["found"]
    assert status == 0, run
    return json.loads(text)


def test_it_was_killed_at_many_points_and_ran_to_its_end_once(runs):
    assert len(runs) > 25
    assert [run["killed"] for run in runs] == [True] * (len(runs) - 1) + [False]


def test_the_next_start_finds_the_old_history_or_the_new_one_whole(runs):
    histories = [found(run)["operations"] for run in runs]
    switched = histories.index(NEW)
    assert 0 < switched < len(runs) - 1
    assert histories == [OLD] * switched + [NEW] * (len(runs) - switched)


def test_nothing_but_the_history_is_in_the_new_one(runs):
    new = [found(run) for run in runs if found(run)["operations"] == NEW]
    assert [seen["rows"] for seen in new] == [NEW_ROWS] * len(new)
    assert [seen["kept"] for seen in new] == [[OLD]] * len(new)


def test_the_engine_goes_with_its_history(runs):
    for run in runs:
        seen = found(run)
        engine = [name for name in seen["names"] if name in ("sailpass-engine.db", "sailpass-engine.db-wal")]
        assert engine == ([] if seen["operations"] == NEW else ["sailpass-engine.db", "sailpass-engine.db-wal"]), run


def test_nothing_is_left_of_a_restore_that_was_finished(runs):
    left = [name for run in runs for name in found(run)["names"] if name.endswith((".restore", "-draft"))]
    assert set(left) <= {"sailpass.db.restore-draft"}


def test_the_backup_can_be_restored_after_any_of_them(runs):
    assert {tuple(run["again"]) for run in runs} == {(0, "1")}

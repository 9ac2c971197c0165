import contextlib
import math
import os
import shutil
import sqlite3
import threading
import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app import db as module
from app.db import Database
from app.lock_file import Holder, current_holder, lock_path
from app.operations.lease import (
    RECOVERY,
    RESTORE,
    FileLease,
    InstanceTakenError,
    Pace,
    TableLease,
    alone,
    lease_for,
)
from tests.console import until

QUICK = Pace(beat=0.1, dead_after=0.4)


@pytest.fixture
def postgres(migrated_postgres_url):
    database = Database(migrated_postgres_url)
    yield database
    database.close()


@pytest.fixture
def lease(postgres):
    """Makes leases that end with the test."""
    made: list[TableLease] = []

    def make(name: str, pace: Pace = QUICK) -> TableLease:
        made.append(TableLease(postgres, name, "operations-1", pace))
        return made[-1]

    yield make
    for each in made:
        each.give_up()


def taken_by(lease: TableLease) -> list[str]:
    """The names of those whose work it takes now, after a heartbeat of its own."""
    names: list[str] = []
    lease.beat()
    lease.take_over(lambda name: names.append(name) or 1)
    return names


def test_an_sqlite_file_is_served_by_one_process(tmp_path):
    first, second = (FileLease(tmp_path / "sailpass.db", "local", "operations-1") for _ in range(2))
    first.claim()
    with pytest.raises(InstanceTakenError, match="uses the database"):
        second.claim()
    first.give_up()
    second.claim()
    second.give_up()


def test_a_process_whose_lock_file_is_deleted_takes_it_again_unless_another_one_has(tmp_path):
    first, second = (FileLease(tmp_path / "sailpass.db", "local", "operations-1") for _ in range(2))
    file = lock_path(tmp_path / "sailpass.db")
    first.claim()
    first.announce("http://127.0.0.1:8000")
    file.unlink()
    assert first.beat() is None
    first.claim()
    assert first.beat() == math.inf
    assert current_holder(file) == Holder(os.getpid(), "", "http://127.0.0.1:8000")
    file.unlink()
    second.claim()
    assert first.beat() is None
    with pytest.raises(InstanceTakenError, match="uses the database"):
        first.claim()
    second.give_up()


def test_a_heartbeat_on_sqlite_shows_that_the_file_can_be_written(tmp_path, migrated_file, monkeypatch):
    monkeypatch.setattr(module, "UNLOCKED_WITHIN", 0.1)
    file = shutil.copy(migrated_file, tmp_path)
    db = Database(f"sqlite:///{file}")
    lease = lease_for(db, "local", "operations-1", QUICK)
    lease.claim()
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError):
            lease.beat()
    assert [lease.beat(), lease.beat()] == [math.inf, math.inf]
    lease.give_up()
    db.close()


def test_a_file_lease_never_ends_and_has_nobody_beside_it(tmp_path):
    lease = FileLease(tmp_path / "sailpass.db", "local", "operations-1")
    lease.claim()
    assert lease.beat() == math.inf
    assert lease.take_over(lambda _name: 1) == 0
    lease.give_up()


def test_who_is_refused_reads_who_uses_the_file_and_what_helps(tmp_path):
    database = tmp_path / "sailpass.db"
    first = FileLease(database, "local", "operations-1")
    first.claim()
    told = f"Process {os.getpid()} uses the database {database} already.*SAILPASS_DATA_DIR"
    with pytest.raises(InstanceTakenError, match=told):
        FileLease(database, "local", "operations-1").claim()
    lock_path(database).write_text("")
    with pytest.raises(InstanceTakenError, match=f"Another process uses.*delete {lock_path(database)} and start again"):
        FileLease(database, "local", "operations-1").claim()
    first.give_up()
    restoring = FileLease(database, "local", "operations-1", RESTORE)
    restoring.claim()
    with pytest.raises(InstanceTakenError, match=f"Process {os.getpid()} restores a backup into {database}; wait"):
        FileLease(database, "local", "operations-1").claim()
    restoring.give_up()


def test_whoever_holds_the_file_is_the_only_one_and_tells_where_it_serves(tmp_path):
    database = tmp_path / "sailpass.db"
    lease = FileLease(database, "local", "operations-1")
    lease.claim()
    lease.announce("http://127.0.0.1:8000")
    assert current_holder(lock_path(database)) == Holder(os.getpid(), "", "http://127.0.0.1:8000")
    assert (lease.living(), lease.versions()) == ({"local"}, {"operations-1"})
    lease.give_up()
    assert current_holder(lock_path(database)) is None


@pytest.mark.parametrize(
    "pace, seconds",
    [
        (Pace(), 1.0),
        (Pace(reading=0.5), 0.5),
        (Pace(beat=1.0, dead_after=2.0), 2 / 3),  # else another may have taken over before the write is sent
    ],
)
def test_a_write_is_based_on_a_reading_from_before_anybody_could_take_over(pace, seconds):
    assert pace.fresh == pytest.approx(seconds)


def test_the_kind_of_database_decides_which_lease_it_is(sqlite_db):
    lease = lease_for(sqlite_db, "local", "operations-1", Pace())
    assert isinstance(lease, FileLease)
    assert lease.living() == {"local"}
    with alone(sqlite_db, RECOVERY) as may:
        assert may is True


@pytest.mark.postgres
class TestOnPostgres:
    def test_who_lives_is_left_alone(self, lease):
        first, second = lease("first", Pace()), lease("second", Pace())
        first.claim()
        second.claim()
        assert (taken_by(second), second.living()) == ([], {"first", "second"})

    def test_who_is_silent_is_taken_over_once(self, lease):
        first, second = lease("first"), lease("second")
        first.claim()
        second.claim()
        assert until(lambda: taken_by(second)) == ["first"]
        assert taken_by(second) == []

    def test_after_an_outage_nobody_is_taken_for_dead_before_all_could_show_that_they_live(self, lease):
        first, second = lease("first"), lease("second")
        first.claim()
        second.claim()
        time.sleep(2 * QUICK.dead_after)  # for both of them the database is away
        assert second.take_over(lambda _name: 1) == 0
        assert (second.living(), second.versions()) == ({"first", "second"}, {"operations-1"})
        assert taken_by(second) == []
        assert first.beat() == QUICK.dead_after
        assert until(lambda: taken_by(second)) == ["first"]  # it is silent from now on

    @pytest.mark.parametrize("jump", ["1 hour", "-1 hour"])
    def test_a_database_clock_that_jumps_makes_nobody_dead_and_keeps_nobody_alive(self, lease, postgres, jump):
        first, second = lease("first"), lease("second")
        first.claim()
        second.claim()
        assert taken_by(second) == []
        with postgres.write() as session:  # as heartbeats from before the jump look after it
            session.execute(text(f"UPDATE instances SET beat_at = beat_at - interval '{jump}'"))
        assert (taken_by(second), second.living()) == ([], {"first", "second"})
        assert first.beat() == QUICK.dead_after
        with postgres.write() as session:
            session.execute(text(f"UPDATE instances SET beat_at = beat_at - interval '{jump}' WHERE name = 'first'"))
        assert until(lambda: taken_by(second)) == ["first"]

    def test_a_heartbeat_between_the_look_and_the_take_over_counts(self, lease, postgres):
        first, second = lease("first"), lease("second")
        first.claim()
        second.claim()
        assert taken_by(second) == []
        gone = until(lambda: second.beat() and second._others(gone=True))
        first.beat()
        assert (list(gone), [second._take(*each, lambda _name: 1) for each in gone.items()]) == (["first"], [0])

    def test_who_was_taken_over_is_told_at_its_next_sign_of_life(self, lease):
        first, second = lease("first"), lease("second")
        first.claim()
        assert first.beat() == QUICK.dead_after
        second.claim()
        until(lambda: taken_by(second))
        assert first.beat() is None

    def test_who_was_taken_over_may_begin_anew(self, lease):
        first, second = lease("first"), lease("second")
        first.claim()
        second.claim()
        until(lambda: taken_by(second))
        first.claim()
        assert first.beat() == QUICK.dead_after

    def test_who_gives_up_is_taken_over_at_once(self, lease):
        first, second = lease("first", Pace()), lease("second", Pace())
        first.claim()
        second.claim()
        first.give_up()
        assert taken_by(second) == ["first"]

    def test_a_take_over_that_breaks_is_done_by_the_next(self, lease):
        first, second = lease("first", Pace()), lease("second", Pace())
        first.claim()
        second.claim()
        first.give_up()
        with pytest.raises(ZeroDivisionError):
            second.take_over(lambda _name: 1 // 0)
        assert taken_by(second) == ["first"]

    def test_a_name_in_use_is_refused(self, lease):
        first, second = lease("first"), lease("first")
        first.claim()
        with pytest.raises(InstanceTakenError, match="alive already"):
            self.claim_while_it_beats(second, first)

    def test_a_dead_process_gives_its_name_free_at_once(self, lease, postgres):
        first, second = lease("first", Pace()), lease("first", Pace())
        first.claim()
        first._drop_guard()  # as its connection does when the process dies
        second.claim()
        assert first.beat() is None

    def test_only_one_keeps_order_at_a_time(self, postgres):
        with alone(postgres, RECOVERY) as first, alone(postgres, RECOVERY) as second:
            assert (first, second) == (True, False)

    @staticmethod
    def claim_while_it_beats(second: TableLease, first: TableLease) -> None:
        stop = threading.Event()

        def beat() -> None:
            while not stop.wait(0.05):
                first.beat()

        thread = threading.Thread(target=beat)
        thread.start()
        try:
            second.claim()
        finally:
            stop.set()
            thread.join()

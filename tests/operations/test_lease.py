import threading

import pytest

from app.db import Database
from app.operations.lease import RECOVERY, FileLease, InstanceTakenError, Pace, TableLease, alone
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
    """The names of those whose work it takes now."""
    names: list[str] = []
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


def test_a_file_lease_never_ends_and_has_nobody_beside_it(tmp_path):
    lease = FileLease(tmp_path / "sailpass.db", "local", "operations-1")
    assert lease.beat() == float("inf")
    assert lease.take_over(lambda _name: 1) == 0


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

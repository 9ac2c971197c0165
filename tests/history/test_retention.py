import pytest
from sqlalchemy import func, select

from app.history.models import PolicyChange, Step
from app.history.retention import Retention
from app.history.search import HistoryFilter, list_operations
from tests.fake_clock import FakeClock
from tests.history.happened import DAY, NOON, happened, living

NOW = NOON + 100 * DAY


def delete_older_than(db, days, now, **how) -> int:
    """What is deleted once another start has proposed the same, days before."""
    Retention(db, FakeClock(now - 3 * DAY), days).run()
    return Retention(db, FakeClock(now), days).run(**how).deleted


def left(db):
    return [operation.id for operation in list_operations(db, HistoryFilter()).operations]


def test_what_ended_long_ago_goes_with_its_steps_and_changes(db):
    happened(db, "old")
    happened(db, "new", NOW - DAY)
    assert delete_older_than(db, 30, NOW) == 1
    assert left(db) == ["new"]
    with db.read() as session:
        assert [session.scalar(select(func.count()).select_from(row)) for row in (Step, PolicyChange)] == [1, 1]


@pytest.mark.parametrize("days", [0, -1])
def test_without_a_number_of_days_everything_is_kept(db, days):
    happened(db, "old")
    assert delete_older_than(db, days, NOW) == 0
    assert left(db) == ["old"]


def test_a_living_operation_is_kept_however_old(db):
    living(db, "alive")
    assert delete_older_than(db, 30, NOW) == 0


def test_what_a_living_operation_follows_is_kept(db):
    happened(db, "undone")
    living(db, "undo", NOW, follows="undone")
    assert delete_older_than(db, 30, NOW) == 0


def test_what_was_asked_long_ago_and_ended_lately_is_kept(db):
    happened(db, "slow", ended_at=NOW - DAY)
    assert delete_older_than(db, 30, NOW) == 0


def test_a_part_is_kept_as_long_as_its_operation(db):
    """Its undo puts back what its parts took away."""
    happened(db, "deactivation", ended_at=NOW - DAY)
    happened(db, "part", follows="deactivation")
    assert delete_older_than(db, 30, NOW) == 0
    assert delete_older_than(db, 30, NOW + 40 * DAY) == 2


def test_a_batch_is_kept_until_all_of_it_may_go(db):
    happened(db, "batch", kind="batch", batch_id="batch", ended_at=NOW - DAY)
    happened(db, "item", batch_id="batch")
    assert delete_older_than(db, 30, NOW) == 0
    assert delete_older_than(db, 30, NOW + 40 * DAY) == 2


def test_many_go_batch_by_batch(db):
    for number in range(7):
        happened(db, f"op-{number}")
    assert delete_older_than(db, 30, NOW, batch=2) == 7
    assert left(db) == []


def test_a_clock_that_is_years_ahead_deletes_nothing(db):
    happened(db, "old")
    for _ in range(3):
        assert Retention(db, FakeClock(NOW + 4_000 * DAY), 30).run().deleted == 0
    assert Retention(db, FakeClock(NOON + DAY), 30).run().deleted == 0
    assert left(db) == ["old"]


def test_what_a_wrong_clock_proposed_is_not_confirmed_by_a_right_one(db):
    happened(db, "old")
    happened(db, "new", NOW - DAY)
    Retention(db, FakeClock(NOW + 4_000 * DAY), 30).run()
    assert delete_older_than(db, 30, NOW) == 1
    assert left(db) == ["new"]


def test_what_is_due_is_told_before_it_is_deleted(db):
    happened(db, "old")
    assert Retention(db, FakeClock(NOW), 30).run().due == 1


def test_a_process_that_runs_for_days_confirms_itself(db):
    happened(db, "old")
    clock = FakeClock(NOW)
    retention = Retention(db, clock, 30)
    retention.run()
    clock.advance(3 * DAY.total_seconds())
    assert retention.run().deleted == 1


def test_a_jump_of_the_clock_is_no_confirmation(db):
    happened(db, "old")
    clock = FakeClock(NOW)
    retention = Retention(db, clock, 30)
    retention.run()
    retention.clock = FakeClock(NOW + 3 * DAY)  # the wall clock has moved, the monotonic one has not
    assert retention.run().deleted == 0

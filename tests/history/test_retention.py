import pytest
from sqlalchemy import func, select

from app.history.listing import HistoryFilter, list_operations
from app.history.models import PolicyChange, Step
from app.history.retention import delete_older_than
from tests.history.happened import DAY, NOON, happened, living

NOW = NOON + 100 * DAY


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


def test_many_go_batch_by_batch(db):
    for number in range(7):
        happened(db, f"op-{number}")
    assert delete_older_than(db, 30, NOW, batch=2) == 7
    assert left(db) == []

"""What is written when a step runs again, and when two runs of it are at work at once."""

from datetime import UTC, datetime

import pytest

from app.history import record, writes
from app.history.models import Operation, Step
from app.history.record import NewOperation, StepEnd
from app.history.writes import PlannedWrite

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 13, tzinfo=UTC)
FIRST, SECOND = "activate_role", "update_policy"
WRITE = PlannedWrite("default", "us-east-1", "storefront/web", None, "{}")


def new(operation_id: str = "one", subject: str = "a grant") -> NewOperation:
    return NewOperation(
        operation_id, "grant", "default", "us-east-1", "storefront", "storefront/web", subject, "mika", (FIRST, SECOND)
    )


@pytest.fixture
def operation(db):
    record.insert_or_find(db, new(), NOON)
    return "one"


@pytest.fixture
def begin(db, operation):
    """Begins a step: this run of it."""
    return lambda name=FIRST: record.step_started(db, operation, name, NOON)[1]


def step(db, name: str = FIRST) -> Step:
    with db.read() as session:
        return session.query(Step).filter_by(operation_id="one", name=name).one()


def row(db) -> Operation:
    with db.read() as session:
        return session.get_one(Operation, "one")


def test_the_same_subject_is_found_while_it_lives(db, operation):
    assert record.insert_or_find(db, new("two"), NOON) == ("one", False)
    record.ended(db, "one", "succeeded", None, LATER)
    assert record.insert_or_find(db, new("two"), LATER) == ("two", True)


def test_the_first_step_begins_the_operation_once(db, begin):
    begin()
    record.step_started(db, "one", SECOND, LATER)
    assert row(db).started_at == NOON


def test_every_change_that_shows_makes_the_version_grow(db, begin):
    seen = [row(db).version]
    run = begin()
    seen.append(row(db).version)
    record.step_noted(db, run, {"code": "role.usually", "params": {}})
    seen.append(row(db).version)
    record.step_ended(db, run, StepEnd("succeeded"), LATER)
    assert [*seen, row(db).version] == [1, 2, 3, 4]


def test_only_the_newest_run_ends_a_step(db, begin):
    stalled, newest = begin(), begin()
    assert not record.step_ended(db, stalled, StepEnd("failed"), LATER)
    assert record.step_ended(db, newest, StepEnd("succeeded"), LATER)
    assert (step(db).state, step(db).attempts) == ("succeeded", 2)


def test_only_the_newest_run_leaves_remarks(db, begin):
    stalled, newest = begin(), begin()
    assert not record.step_noted(db, stalled, {"code": "old", "params": {}})
    assert record.step_noted(db, newest, {"code": "new", "params": {}})


def test_a_step_that_has_ended_is_not_ended_again(db, begin):
    run = begin()
    record.step_ended(db, run, StepEnd("succeeded"), NOON)
    assert not record.step_ended(db, run, StepEnd("failed"), LATER)
    assert step(db).state == "succeeded"


def test_request_ids_of_all_runs_are_kept(db, begin):
    record.step_ended(db, begin(), StepEnd("pending", request_ids=("a", "b")), NOON)
    record.step_ended(db, begin(), StepEnd("succeeded", request_ids=("b", "c")), LATER)
    assert step(db).request_ids == ["a", "b", "c"]


def test_nothing_begins_in_an_operation_that_has_ended(db, operation):
    record.ended(db, operation, "failed", None, NOON)
    assert record.step_started(db, operation, FIRST, LATER) is None
    assert step(db).state == "pending"


def test_an_operation_ends_once(db, operation):
    assert record.ended(db, operation, "succeeded", None, NOON)
    assert not record.ended(db, operation, "failed", None, LATER)
    assert (row(db).outcome, row(db).ended_at) == ("succeeded", NOON)


@pytest.mark.parametrize(
    "outcome, states",
    [
        ("succeeded", ["succeeded", "pending"]),
        ("failed", ["failed", "pending"]),
        ("cancelled", ["cancelled", "cancelled"]),
    ],
)
def test_no_step_is_left_running(db, begin, outcome, states):
    begin()
    record.ended(db, "one", outcome, None, LATER)
    assert [step(db, name).state for name in (FIRST, SECOND)] == states


def test_a_queued_operation_is_closed_and_one_at_work_is_not(db, operation, begin):
    assert record.cancelled_in_queue(db, operation, "ken", LATER)
    assert (row(db).outcome, row(db).cancel_requested_by, row(db).started_at) == ("cancelled", "ken", None)


def test_what_has_begun_is_not_closed_as_queued(db, begin):
    begin()
    assert not record.cancelled_in_queue(db, "one", "ken", LATER)
    assert row(db).outcome is None


def test_a_cancel_is_asked_for_once(db, operation):
    assert record.cancel_requested(db, operation, "ken")
    assert not record.cancel_requested(db, operation, "mika")
    assert row(db).cancel_requested_by == "ken"


def test_a_write_of_an_overtaken_run_is_not_planned(db, begin):
    stalled, newest = begin(), begin()
    assert writes.write_planned(db, stalled, WRITE, NOON) is None
    assert writes.write_planned(db, newest, WRITE, NOON) == 0


def test_a_planned_write_is_replaced_by_the_next_run(db, begin):
    writes.write_planned(db, begin(), WRITE, NOON)
    newest = begin()
    again = PlannedWrite("default", "us-east-1", "storefront/web", "{}", '{"a": 1}')
    assert writes.write_planned(db, newest, again, LATER) == 0
    assert writes.open_write(db, "one", "storefront/web").before == "{}"


def test_an_overtaken_run_closes_and_forgets_nothing(db, begin):
    stalled = begin()
    writes.write_planned(db, stalled, WRITE, NOON)
    newest = begin()
    assert not writes.write_done(db, stalled, 0, "request", NOON)
    writes.write_forgotten(db, stalled, "storefront/web")
    assert writes.write_done(db, newest, 0, "request", LATER)


def test_a_second_write_stands_beside_the_first(db, begin):
    run = begin()
    writes.write_done(db, run, writes.write_planned(db, run, WRITE, NOON), "request", NOON)
    assert writes.write_planned(db, run, WRITE, LATER) == 1
    assert writes.has_written(db, "one", "storefront/web")


def test_a_forgotten_write_was_never_there(db, begin):
    run = begin()
    writes.write_planned(db, run, WRITE, NOON)
    writes.write_forgotten(db, run, "storefront/web")
    assert writes.open_write(db, "one", "storefront/web") is None
    assert not writes.has_written(db, "one", "storefront/web")

"""What is written when a step runs again, and when two runs of it are concurrent."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.errors import Problem
from app.history import policy_writes, store
from app.history.models import Operation, PolicyChange, Step
from app.history.policy_writes import PlannedWrite
from app.history.store import NewOperation, StepEnd

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 13, tzinfo=UTC)
FIRST, SECOND = "activate_role", "update_policy"
WRITE = PlannedWrite("default", "us-east-1", "storefront/web", None, "{}")


def new(operation_id: str = "one", subject: str = "a grant") -> NewOperation:
    return NewOperation(
        operation_id, "grant", "default", "us-east-1", "storefront", "storefront/web", subject, "mika", (FIRST, SECOND)
    )


def insert(db, new: NewOperation, join=lambda *_: "", at=NOON) -> tuple[str, bool]:
    return store.insert_or_join(db, new, join, at)


@pytest.fixture
def operation(db):
    insert(db, new())
    return "one"


@pytest.fixture
def begin(db, operation):
    """Begins a step: this run of it."""
    return lambda name=FIRST: store.step_started(db, operation, name, NOON)[1]


def step(db, name: str = FIRST) -> Step:
    with db.read() as session:
        return session.query(Step).filter_by(operation_id="one", name=name).one()


def row(db) -> Operation:
    with db.read() as session:
        return session.get_one(Operation, "one")


def test_a_request_may_join_what_lives(db, operation):
    assert insert(db, new("two"), lambda _, live: live[0].id) == ("one", False)


def test_what_has_ended_is_not_offered_to_join(db, operation):
    store.ended(db, "one", "succeeded", None, LATER)
    offered = []
    insert(db, new("two"), lambda _, live: offered.extend(live) or "")
    assert offered == []


def test_live_operations_are_offered_in_the_order_of_their_requests(db, operation):
    insert(db, new("three", "a revoke"))
    insert(db, new("two", "a grant"), at=datetime(2026, 3, 1, 11, tzinfo=UTC))  # by a clock that is behind
    offered = []
    insert(db, new("four"), lambda _, live: offered.extend(live) or "")
    assert [operation.id for operation in offered] == ["one", "three", "two"]


def test_what_a_request_must_not_do_is_not_recorded(db):
    def refuse(*_):
        raise Problem("role.deactivating", service="storefront", operation="one")

    with pytest.raises(Problem):
        insert(db, new(), refuse)
    with db.read() as session:
        assert session.get(Operation, "one") is None


def test_an_earlier_request_that_has_not_begun_ends_once_a_later_one_begins(db, operation):
    insert(db, new("two", "a revoke"))
    store.step_started(db, "two", FIRST, LATER)
    assert (row(db).outcome, row(db).problem["params"]) == ("cancelled", {"operation": "two"})
    assert store.step_started(db, "one", FIRST, LATER) is None


def test_an_earlier_request_of_another_service_is_left_alone(db, operation):
    insert(db, replace(new("two", "a revoke"), service="another"))
    store.step_started(db, "two", FIRST, LATER)
    assert row(db).outcome is None


def test_the_first_step_begins_the_operation_once(db, begin):
    begin()
    store.step_started(db, "one", SECOND, LATER)
    assert row(db).started_at == NOON


def test_every_change_that_shows_makes_the_version_grow(db, begin):
    seen = [row(db).version]
    run = begin()
    seen.append(row(db).version)
    store.step_noted(db, run, {"code": "role.usually", "params": {}})
    seen.append(row(db).version)
    store.step_ended(db, run, StepEnd("succeeded"), LATER)
    assert [*seen, row(db).version] == [1, 2, 3, 4]


def test_only_the_newest_run_ends_a_step(db, begin):
    stalled, newest = begin(), begin()
    assert not store.step_ended(db, stalled, StepEnd("failed"), LATER)
    assert store.step_ended(db, newest, StepEnd("succeeded"), LATER)
    assert (step(db).state, step(db).attempts) == ("succeeded", 2)


def test_only_the_newest_run_leaves_remarks(db, begin):
    stalled, newest = begin(), begin()
    assert not store.step_noted(db, stalled, {"code": "old", "params": {}})
    assert store.step_noted(db, newest, {"code": "new", "params": {}})


def test_a_step_that_has_ended_is_not_ended_again(db, begin):
    run = begin()
    store.step_ended(db, run, StepEnd("succeeded"), NOON)
    assert not store.step_ended(db, run, StepEnd("failed"), LATER)
    assert step(db).state == "succeeded"


def test_request_ids_of_all_runs_are_kept(db, begin):
    store.step_ended(db, begin(), StepEnd("pending", request_ids=("a", "b")), NOON)
    store.step_ended(db, begin(), StepEnd("succeeded", request_ids=("b", "c")), LATER)
    assert step(db).request_ids == ["a", "b", "c"]


def test_nothing_begins_in_an_operation_that_has_ended(db, operation):
    store.ended(db, operation, "failed", None, NOON)
    assert store.step_started(db, operation, FIRST, LATER) is None
    assert step(db).state == "pending"


def test_an_operation_ends_once(db, operation):
    assert store.ended(db, operation, "succeeded", None, NOON)
    assert not store.ended(db, operation, "failed", None, LATER)
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
    store.ended(db, "one", outcome, None, LATER)
    assert [step(db, name).state for name in (FIRST, SECOND)] == states


def test_a_queued_operation_is_closed_and_one_at_work_is_not(db, operation, begin):
    assert store.cancelled_in_queue(db, operation, "ken", LATER)
    assert (row(db).outcome, row(db).cancel_requested_by, row(db).started_at) == ("cancelled", "ken", None)


def test_what_has_begun_is_not_closed_as_queued(db, begin):
    begin()
    assert not store.cancelled_in_queue(db, "one", "ken", LATER)
    assert row(db).outcome is None


def test_a_cancel_is_asked_for_once(db, operation):
    assert store.cancel_requested(db, operation, "ken")
    assert not store.cancel_requested(db, operation, "mika")
    assert row(db).cancel_requested_by == "ken"


def test_a_write_of_an_overtaken_run_is_not_planned(db, begin):
    stalled, newest = begin(), begin()
    assert policy_writes.write_planned(db, stalled, WRITE, NOON) is None
    assert policy_writes.write_planned(db, newest, WRITE, NOON) == 0


def test_a_write_that_an_earlier_run_left_counts_as_unanswered(db, begin):
    policy_writes.write_planned(db, begin(), WRITE, NOON)
    assert policy_writes.adopt_unanswered(db, begin(), "storefront/web")
    [left] = policy_writes.unanswered(db, "one")
    assert (left.written_at, left.unanswered_at) == (None, NOON)


def test_unanswered_writes_are_listed_newest_first(db, begin):
    run = begin()
    for at in (NOON, LATER):
        policy_writes.write_unanswered(db, run, policy_writes.write_planned(db, run, WRITE, at), at)
    assert [change.unanswered_at for change in policy_writes.unanswered(db, "one")] == [LATER, NOON]


def test_a_write_seen_late_is_told_with_what_it_replaced(db, begin):
    run = begin()
    policy_writes.write_unanswered(db, run, policy_writes.write_planned(db, run, WRITE, NOON), NOON)
    assert policy_writes.write_seen_late(db, "one", 0, '{"a": 1}', LATER)
    assert not policy_writes.write_seen_late(db, "one", 0, None, LATER)
    with db.read() as session:
        change = session.get_one(PolicyChange, ("one", 0))
    assert (change.before, change.written_at) == ('{"a": 1}', LATER)


def test_an_overtaken_run_closes_and_forgets_nothing(db, begin):
    stalled = begin()
    policy_writes.write_planned(db, stalled, WRITE, NOON)
    newest = begin()
    assert not policy_writes.write_done(db, stalled, 0, "request", NOON)
    policy_writes.write_forgotten(db, stalled, 0)
    assert policy_writes.write_done(db, newest, 0, "request", LATER)


def test_a_second_write_stands_beside_the_first(db, begin):
    run = begin()
    policy_writes.write_done(db, run, policy_writes.write_planned(db, run, WRITE, NOON), "request", NOON)
    assert policy_writes.write_planned(db, run, WRITE, LATER) == 1
    assert policy_writes.has_written(db, "one", "storefront/web")


def test_a_forgotten_write_was_never_there(db, begin):
    run = begin()
    policy_writes.write_planned(db, run, WRITE, NOON)
    policy_writes.write_forgotten(db, run, 0)
    assert policy_writes.unanswered(db, "one") == ()
    assert not policy_writes.has_written(db, "one", "storefront/web")

"""What becomes of a request for many changes at once: what is recorded, what joins, and what is refused."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from app.errors import Problem
from app.history import batches
from app.history.models import Operation
from app.operations.batches import MOST, NewItem
from app.operations.state import Kind
from tests.build import REGION, a_policy
from tests.operations.workshop import active, repository


def items(*pairs: str, **more) -> list[NewItem]:
    """Items such as `web a`: a service and a repository."""
    return [NewItem(REGION, *pair.split(), **more) for pair in pairs]


@pytest.fixture
def start(bench):
    def started(action: Kind, *pairs: str, by: str = "mika", **more) -> str:
        return bench.batches.start(action, items(*pairs), by, **more)

    return started


def rows(bench) -> list[Operation]:
    """Every operation, in the order in which they were requested."""
    with bench.db.read() as session:
        return list(session.scalars(select(Operation).order_by(Operation.sequence)))


def end(bench, outcome: str, **which: str) -> None:
    with bench.db.write() as session:
        session.execute(update(Operation).filter_by(**which).values(outcome=outcome))


def test_each_service_has_an_operation_that_runs_its_items_and_the_first_is_the_batch(bench, start):
    batch_id = start(Kind.GRANT, "web aa", "api aa", "web bb")
    runners = [row for row in rows(bench) if row.kind == "batch"]
    assert [(row.service, row.repository, row.batch_id) for row in runners] == [
        ("web", "", batch_id),
        ("api", "", batch_id),
    ]
    assert runners[0].id == batch_id
    assert {row.asked_by for row in rows(bench)} == {"mika"}
    found = batches.list_items(bench.db, batch_id, limit=10).items
    assert [(row.kind, row.service, row.repository) for row in found] == [
        ("grant", "web", "aa"),
        ("grant", "api", "aa"),
        ("grant", "web", "bb"),
    ]
    assert [row.id for row in found] == sorted(row.id for row in found)


def test_the_same_item_named_twice_is_one(bench, start):
    assert batches.counts_of(bench.db, [start(Kind.GRANT, "web aa", "web aa")]).popitem()[1] == {"waiting": 1}


@pytest.mark.parametrize(
    "action, steps",
    [
        (Kind.GRANT, ["activate_role", "wait_for_role", "change_policies"]),
        (Kind.REPAIR, ["activate_role", "wait_for_role", "change_policies"]),
        (Kind.REVOKE, ["change_policies"]),
    ],
)
def test_only_what_gives_access_switches_a_role_on(bench, start, action, steps):
    batch_id = start(action, "web aa")
    assert [step.name for step in bench.progress(batch_id).steps] == steps
    (item,) = batches.list_items(bench.db, batch_id).items
    verified = "verify_removal" if action is Kind.REVOKE else "verify_access"
    assert [step.name for step in bench.progress(item.id).steps] == ["update_policy", verified]


@pytest.mark.parametrize(
    "action, pairs, joins",
    [
        (Kind.GRANT, ("web aa", "web bb"), True),
        (Kind.GRANT, ("web bb", "web aa"), True),
        (Kind.GRANT, ("web aa",), False),
        (Kind.GRANT, ("web aa", "web cc"), False),
        (Kind.REVOKE, ("web aa", "web bb"), False),
        (Kind.REPAIR, ("web aa", "web bb"), False),
    ],
)
def test_a_batch_joins_the_live_one_that_does_the_same(start, action, pairs, joins):
    first = start(Kind.GRANT, "web aa", "web bb")
    assert (start(action, *pairs, by="ken") == first) is joins


def test_a_batch_is_not_joined_once_another_was_requested_or_it_is_to_stop(bench, start):
    first = start(Kind.GRANT, "web aa")
    start(Kind.REVOKE, "web aa")
    second = start(Kind.GRANT, "web aa")
    assert second != first
    with bench.db.write() as session:
        session.execute(update(Operation).where(Operation.id == second).values(cancel_requested_by="ken"))
    assert start(Kind.GRANT, "web aa") not in (first, second)


@pytest.mark.parametrize("action, refused", [(Kind.GRANT, True), (Kind.REPAIR, True), (Kind.REVOKE, False)])
def test_nothing_is_given_to_a_service_whose_role_is_being_switched_off(bench, start, action, refused):
    bench.ask(Kind.DEACTIVATE, "web")
    if not refused:
        assert start(action, "web aa")
        return
    with pytest.raises(Problem, match=r"role\.deactivating"):
        start(action, "api aa", "web aa")
    assert len(rows(bench)) == 1


@pytest.mark.parametrize(
    "pairs, code, params",
    [
        ((), "batch.empty", {}),
        (("web aa", "web Not-A-Name"), "repository.bad_name", None),
        (tuple(f"web a{number}" for number in range(MOST + 1)), "batch.too_many", {"count": MOST + 1, "most": MOST}),
    ],
)
def test_what_cannot_be_is_refused_whole(bench, start, pairs, code, params):
    with pytest.raises(Problem) as raised:
        start(Kind.GRANT, *pairs)
    assert raised.value.code == code
    assert params is None or raised.value.params == params
    assert rows(bench) == []


def test_what_is_unknown_or_lives_is_neither_retried_nor_undone(bench, start):
    for request in (bench.batches.retry, bench.batches.undo, bench.batches.cancel):
        with pytest.raises(Problem, match=r"batch\.not_found"):
            request("unknown", "ken")
    batch_id = start(Kind.GRANT, "web aa", "api aa")
    end(bench, "succeeded", service="web")  # the other service's part lives
    for request in (bench.batches.retry, bench.batches.undo):
        with pytest.raises(Problem, match=r"batch\.not_ended"):
            request(batch_id, "ken")


def test_what_was_not_done_is_retried_once_with_what_it_was_asked_for(bench):
    given = {"before": None, "after": a_policy(), "refused": {}}
    pairs = ("web aa", "web bb", "web cc", "web dd")
    whole = [NewItem(REGION, *pair.split(), input=given, follows=f"first-{pair[-2:]}") for pair in pairs]
    batch_id = bench.batches.start(Kind.UNDO, whole, "mika")
    end(bench, "succeeded")
    for name, outcome in [("bb", "failed"), ("cc", "cancelled"), ("dd", "interrupted")]:
        end(bench, outcome, repository=name)
    again = bench.batches.retry(batch_id, "ken")
    assert bench.batches.retry(batch_id, "rin") == again
    found = batches.list_items(bench.db, again, limit=10).items
    assert [(row.kind, row.repository, row.follows, row.asked_by) for row in found] == [
        ("undo", "bb", "first-bb", "ken"),
        ("undo", "cc", "first-cc", "ken"),
        ("undo", "dd", "first-dd", "ken"),
    ]
    assert found[0].input == {"before": None, "after": a_policy()}
    (runner,) = batches.runners_of(bench.db, again)
    assert (runner.follows, runner.input) == (batch_id, {"action": "undo", "retries": True})


def test_where_all_is_done_there_is_nothing_to_retry_and_where_nothing_was_written_nothing_to_undo(bench, start):
    batch_id = start(Kind.GRANT, "web aa")
    end(bench, "nothing_to_do")
    with pytest.raises(Problem, match=r"batch\.nothing_to_retry"):
        bench.batches.retry(batch_id, "ken")
    with pytest.raises(Problem, match=r"batch\.nothing_to_undo"):
        bench.batches.undo(batch_id, "ken")


def test_an_undo_takes_the_last_write_back_first_is_joined_while_it_runs_and_done_once(bench, start):
    active(bench.aws, "web")
    for name in ("aa", "bb"):
        repository(bench.aws, name, a_policy())
    batch_id = start(Kind.GRANT, "web aa", "web bb")
    bench.play(batch_id)
    undo = bench.batches.undo(batch_id, "ken")
    assert bench.batches.undo(batch_id, "rin") == undo
    found = batches.list_items(bench.db, undo, limit=10).items
    done = batches.list_items(bench.db, batch_id, limit=10).items
    assert [(row.repository, row.follows) for row in found] == [(row.repository, row.id) for row in reversed(done)]
    (runner,) = batches.runners_of(bench.db, undo)
    assert (runner.follows, runner.input, runner.asked_by) == (batch_id, {"action": "undo"}, "ken")
    bench.play(undo)
    with pytest.raises(Problem, match=r"batch\.undone"):
        bench.batches.undo(batch_id, "ken")


def test_a_cancelled_batch_ends_what_has_not_begun(bench, start):
    batch_id = start(Kind.GRANT, "web aa", "api aa")
    bench.batches.cancel(batch_id, "ken")
    assert {(row.outcome, row.cancel_requested_by) for row in rows(bench)} == {("cancelled", "ken")}

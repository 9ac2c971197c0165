from __future__ import annotations

import asyncio
import threading

import pytest

from app.errors import Problem
from app.history import batches, repository_items, store, undone
from app.history.queries import get_operation
from app.operations import batch_items, plans
from app.operations.batches import MOST
from app.operations.state import Kind, StepName
from tests.build import REGION, a_policy
from tests.console import until
from tests.operations.batch_world import NAMES, all_items, counts, ended, items, names_in, several, start, world
from tests.operations.workshop import actions, active, inactive, repository

__all__ = ["world"]


def test_a_batch_gives_access_to_every_repository_and_activates_the_role_once(world, aws):
    inactive(aws, "web")
    batch_id = start(world, Kind.GRANT, "web")
    assert ended(world, batch_id) == {"succeeded": 30}
    assert names_in(aws, "web") == NAMES
    assert actions(aws).count("UpdateContainerService") == 1
    role = aws.services(REGION).get_service("web").value.role
    assert {item.principal_arn for item in all_items(world, batch_id)} == {role.principal_arn}


def test_an_item_makes_three_calls(world, aws):
    active(aws, "web")
    batch_id = start(world, Kind.GRANT, "web")
    ended(world, batch_id)
    calls = [call for call in actions(aws) if call.endswith("RepositoryPolicy")]
    assert len(calls) == 3 * len(NAMES)
    assert len(actions(aws)) - len(calls) <= 3  # the service, the registry policy and its scope


@pytest.mark.parametrize("again", [False, True])
def test_an_item_tells_of_its_steps_as_an_operation_of_its_own_does(world, aws, again):
    active(aws, "web")
    (alone, *together) = NAMES[:4]
    if again:  # there is nothing to do then
        ended(world, start(world, Kind.GRANT, "web", [alone, *together]))
    batch_id = start(world, Kind.GRANT, "web", together)
    ended(world, batch_id)
    own = {each.name: (each.state, each.note) for each in world.ended(world.grant("web", alone)).steps}
    for item in all_items(world, batch_id):
        told = {each.name: (each.state, each.note) for each in world.progress(item.id).steps}
        assert told == {name: own[name] for name in (StepName.UPDATE_POLICY, StepName.VERIFY_ACCESS)}


@pytest.mark.parametrize("policy", [None, a_policy()])
def test_an_items_undo_tells_of_its_steps_as_an_undo_of_its_own_does(world, aws, policy):
    active(aws, "web")
    for name in NAMES[:3]:
        repository(aws, name, policy)
    batch_id = start(world, Kind.GRANT, "web", NAMES[:3])
    ended(world, batch_id)
    (first, *_) = all_items(world, batch_id)
    own = [(each.name, each.note) for each in world.ended(world.services.starter.undo(first.id, "mika")).steps]
    undoing = world.services.batches.undo(batch_id, "mika")
    assert ended(world, undoing) == {"succeeded": 2}
    for item in all_items(world, undoing):
        assert [(each.name, each.note) for each in world.progress(item.id).steps] == own


def test_a_batch_takes_access_away(world, aws):
    active(aws, "web")
    ended(world, start(world, Kind.GRANT, "web"))
    batch_id = start(world, Kind.REVOKE, "web")
    assert ended(world, batch_id) == {"succeeded": 30}
    assert names_in(aws, "web") == []


def test_one_failure_stops_nothing_else(world, aws):
    active(aws, "web")
    batch_id = start(world, Kind.GRANT, "web", ["no/such", *NAMES])
    assert ended(world, batch_id) == {"succeeded": 30, "failed": 1}
    (failed,) = (item for item in all_items(world, batch_id) if item.outcome == "failed")
    assert (failed.repository, failed.problem["code"]) == ("no/such", "repository.not_found")
    (runner,) = batches.runners_of(world.services.db, batch_id)
    assert (runner.outcome, runner.problem["code"]) == ("failed", "batch.items_failed")


def test_a_write_that_aws_refuses_is_not_sent_over_and_over(world, aws):
    """Once for all items of the repository, and once by each of them for its own."""
    active(aws, "web")
    aws.denied.add("ecr:SetRepositoryPolicy")
    assert ended(world, start(world, Kind.GRANT, "web", NAMES[:1])) == {"failed": 1}
    assert actions(aws).count("SetRepositoryPolicy") == 2


def test_a_write_that_aws_throttles_is_sent_again_for_all_of_its_items(world, aws):
    services, set_policy = ["web", "api"], "ecr:SetRepositoryPolicy"
    for service in services:
        active(aws, service)
    aws.fail(set_policy, Problem("aws.throttled", retryable=True, action=set_policy, region=REGION))
    batch_id = world.services.batches.start(Kind.GRANT, several(services, NAMES[:1]), "mika")
    assert ended(world, batch_id) == {"succeeded": 2}
    assert actions(aws).count("SetRepositoryPolicy") == 2


def test_a_role_that_cannot_be_activated_fails_every_item_with_its_reason(world, aws):
    batch_id = start(world, Kind.GRANT, "gone")
    assert ended(world, batch_id) == {"failed": 30}
    assert {item.problem["code"] for item in all_items(world, batch_id)} == {"service.not_found"}


@pytest.mark.both_databases
def test_several_services_on_the_same_repositories_all_hold(world, aws):
    active(aws, "web")
    active(aws, "api")
    both = items("web") + items("api")
    batch_id = world.services.batches.start(Kind.GRANT, both, "mika")
    assert ended(world, batch_id) == {"succeeded": 60}
    assert names_in(aws, "web") == names_in(aws, "api") == NAMES


@pytest.mark.both_databases
def test_what_failed_is_retried_and_nothing_else(world, aws):
    active(aws, "web")
    batch_id = start(world, Kind.GRANT, "web", ["no/such", *NAMES])
    ended(world, batch_id)
    repository(aws, "no/such")
    again = world.services.batches.retry(batch_id, "mika")
    assert ended(world, again) == {"succeeded": 1}
    assert world.services.batches.retry(batch_id, "mika") == again  # it has been retried, and nothing of it is left
    with pytest.raises(Problem, match=r"batch\.nothing_to_retry"):
        world.services.batches.retry(again, "mika")


def test_undo_takes_back_every_change_and_keeps_what_was_there(world, aws):
    active(aws, "web")
    active(aws, "api")
    ended(world, start(world, Kind.GRANT, "api", NAMES[:10]))
    batch_id = start(world, Kind.GRANT, "web")
    ended(world, batch_id)
    taken_back = world.services.batches.undo(batch_id, "mika")
    assert ended(world, taken_back) == {"succeeded": 30}
    assert (names_in(aws, "web"), names_in(aws, "api")) == ([], NAMES[:10])
    with pytest.raises(Problem, match=r"batch\.undone"):
        world.services.batches.undo(batch_id, "mika")
    assert ended(world, world.services.batches.undo(taken_back, "mika")) == {"succeeded": 30}
    assert (names_in(aws, "web"), names_in(aws, "api")) == (NAMES, NAMES[:10])
    assert ended(world, world.services.batches.undo(batch_id, "mika")) == {"succeeded": 30}


@pytest.mark.both_databases
def test_undo_all_takes_back_what_no_undo_has_and_joins_one_that_runs(world, aws):
    active(aws, "web")
    batch_id = start(world, Kind.GRANT, "web")
    ended(world, batch_id)
    (first, *_) = all_items(world, batch_id)
    world.ended(world.services.starter.undo(first.id, "mika"))
    left = undone.left_to_undo(world.services.db, batch_id)
    assert (len(left), first.id in left) == (29, False)
    undoing = world.services.batches.undo(batch_id, "mika")
    assert world.services.batches.undo(batch_id, "ken") == undoing
    assert ended(world, undoing) == {"succeeded": 29}
    assert not names_in(aws, "web")
    assert not undone.left_to_undo(world.services.db, batch_id)


@pytest.mark.both_databases
def test_a_cancelled_batch_leaves_the_rest_alone(world, aws):
    inactive(aws, "web")
    aws.activation_seconds = 10_000
    batch_id = start(world, Kind.GRANT, "web")
    until(lambda: actions(aws).count("UpdateContainerService"), bool)
    world.services.batches.cancel(batch_id, "rin")
    assert ended(world, batch_id) == {"cancelled": 30}
    assert names_in(aws, "web") == []


def test_items_that_were_at_work_when_their_process_died_end_with_a_cancelled_batch(world, aws):
    """The batch is cancelled while the first of them waits for ECR to know the role, and the others for that one."""
    inactive(aws, "web")
    aws.activation_seconds = 600
    batch_id = start(world, Kind.GRANT, "web", NAMES[:3])
    now = world.services.clock.now()
    for item in all_items(world, batch_id):
        beginning = repository_items.Beginning(item.id, (item.id,), StepName.UPDATE_POLICY, now, now)
        assert repository_items.begin(world.services.db, [beginning]) != [None]
    aws.meanwhile("ecr:GetRepositoryPolicy", lambda: world.services.batches.cancel(batch_id, "rin"))
    assert ended(world, batch_id) == {"cancelled": 3}
    assert {item.cancel_requested_by for item in all_items(world, batch_id)} == {"rin"}


def test_items_that_no_cancel_has_reached_end_with_the_batch(world, aws):
    """It reaches those that have begun and those that wait, one after the other: an item may begin in between."""
    inactive(aws, "web")  # with a new role one item begins before the others

    def cancel_the_runner_alone() -> None:
        assert store.cancel_requested(world.services.db, runner.id, "rin")
        world.services.starter._notice(runner.id)

    with aws.lock:
        batch_id = start(world, Kind.GRANT, "web")
        (runner,) = batches.runners_of(world.services.db, batch_id)
        aws.meanwhile("ecr:GetRepositoryPolicy", cancel_the_runner_alone)
    assert ended(world, batch_id) == {"succeeded": 1, "cancelled": 29}
    cancelled = [item for item in all_items(world, batch_id) if item.outcome == "cancelled"]
    assert {item.cancel_requested_by for item in cancelled} == {"rin"}


def test_cancelling_its_operation_cancels_the_batch(world, aws):
    inactive(aws, "web")
    aws.activation_seconds = 10_000
    batch_id = start(world, Kind.GRANT, "web")
    until(lambda: actions(aws).count("UpdateContainerService"), bool)
    world.services.starter.cancel(batch_id, "rin")
    assert ended(world, batch_id) == {"cancelled": 30}


@pytest.mark.both_databases
def test_the_same_batch_requested_twice_is_one(world, aws):
    inactive(aws, "web")
    first = start(world, Kind.GRANT, "web")
    assert start(world, Kind.GRANT, "web", NAMES[::-1]) == first
    ended(world, first)


def test_what_is_requested_later_wins_whether_it_supersedes_the_item_or_follows_it(world, aws):
    inactive(aws, "web")
    batch_id = start(world, Kind.GRANT, "web")
    removal = world.revoke("web", NAMES[3])
    world.ended(removal)
    found = ended(world, batch_id)
    assert found in ({"succeeded": 29, "cancelled": 1}, {"succeeded": 30})
    assert names_in(aws, "web") == [name for name in NAMES if name != NAMES[3]]


def test_an_undo_requested_later_comes_after_the_item(world, aws):
    inactive(aws, "web")
    batch_id = start(world, Kind.GRANT, "web")
    undone = world.start(Kind.UNDO, "other", NAMES[3], before=a_policy(), after=None)
    assert ended(world, batch_id) == {"succeeded": 30}
    world.ended(undone)
    (change,) = world.changes(undone)
    assert "AllowLightsailPull-web" in change.before


@pytest.mark.both_databases
def test_an_item_waits_for_an_operation_at_work_on_its_repository(world, aws):
    inactive(aws, "slow")
    active(aws, "web")
    aws.activation_seconds = 2_000
    single = world.grant("slow", NAMES[0])
    until(lambda: actions(aws).count("UpdateContainerService"), bool)
    batch_id = start(world, Kind.GRANT, "web", NAMES[:3])
    until(lambda: counts(world, batch_id), lambda found: found == {"succeeded": 2, "waiting": 1})
    world.services.starter.cancel(single, "mika")
    assert ended(world, batch_id) == {"succeeded": 3}


@pytest.mark.parametrize(
    "names, code",
    [
        ([], "batch.empty"),
        (["Not A Name"], "repository.bad_name"),
        ([f"a{n}" for n in range(MOST + 1)], "batch.too_many"),
    ],
)
def test_a_batch_that_cannot_be_is_refused_whole(world, names, code):
    with pytest.raises(Problem, match=code):
        start(world, Kind.GRANT, "web", names)


def test_nothing_is_given_to_a_service_whose_role_is_being_deactivated(world, aws):
    active(aws, "web")
    aws.activation_seconds = 10_000
    off = world.start(Kind.DEACTIVATE, "web")
    with pytest.raises(Problem, match=r"role\.deactivating"):
        start(world, Kind.GRANT, "web")
    world.services.starter.cancel(off, "mika")
    world.ended(off)


def test_items_whose_turn_has_passed_meanwhile_wait_for_it_and_not_for_each_other(world, aws, monkeypatch):
    """A grant that was requested before the batch begins between the look at whose turn it is and the beginning."""
    for service in ("web", "api"):
        active(aws, service)
    starter, enqueue, tried = world.services.starter, world.services.starter._enqueue, threading.Event()
    held: list[str] = []

    def enqueue_later(id_, *more):
        if not held:
            held.append(id_)
        if id_ not in held:
            enqueue(id_, *more)

    monkeypatch.setattr(starter, "_enqueue", enqueue_later)
    begin, known_repositories = repository_items.begin, batch_items.known_repositories

    def let_go(db, *more):
        if held[0]:
            single = get_operation(db, held[0])
            held[0] = ""
            starter.enqueue(single)
            until(lambda: world.progress(single.id).started_at)
        return known_repositories(db, *more)

    def begin_and_tell(db, beginnings):
        begun = begin(db, beginnings)
        tried.set()
        return begun

    monkeypatch.setattr(batch_items, "known_repositories", let_go)
    monkeypatch.setattr(repository_items, "begin", begin_and_tell)
    aws.meanwhile("ecr:GetRepositoryPolicy", lambda: tried.wait(20))
    single = world.grant("web", NAMES[0])
    batch_id = world.services.batches.start(Kind.GRANT, several(("web", "api"), NAMES[:1]), "mika")
    assert world.ended(single).outcome == "succeeded"
    assert ended(world, batch_id) == {"succeeded": 1, "nothing_to_do": 1}
    assert names_in(aws, "web") == names_in(aws, "api") == NAMES[:1]


def test_what_breaks_on_one_repository_ends_no_other_item(world, aws, monkeypatch):
    active(aws, "web")
    repository(aws, NAMES[0], a_policy())
    usual = plans.plan_grant

    def breaks_on_a_policy(text, **more):
        assert text is None or "BuildTeamPull" not in text
        return usual(text, **more)

    monkeypatch.setattr(plans, "plan_grant", breaks_on_a_policy)
    batch_id = start(world, Kind.GRANT, "web")
    assert ended(world, batch_id) == {"succeeded": 29, "failed": 1}
    (failed,) = (item for item in all_items(world, batch_id) if item.outcome == "failed")
    assert (failed.repository, failed.problem["code"]) == (NAMES[0], "internal")


def test_a_stop_waits_for_the_write_of_a_batch_and_not_for_its_verification(world, aws):
    active(aws, "web")
    running, waits = world.services.running, []
    world.points.do["policy-written"] = lambda: waits.append(asyncio.ensure_future(running.drain(3)))
    batch_id = start(world, Kind.GRANT, "web", NAMES[:1])
    try:
        until(lambda: waits and waits[0].done())
    finally:
        running._stopping = False
    assert waits[0].result()
    assert ended(world, batch_id) == {"succeeded": 1}

import signal

import pytest

from app.history.queries import followers
from app.history.store import cancel_requested
from app.operations.state import StepName
from tests.console import until

pytestmark = pytest.mark.crash
# As the sandbox is seeded: a service whose role is off, one whose role is on; a repository without a policy, others with.
OFF, ON, BARE = "payments-api", "storefront-web", "payments/api"
SHARED = ("tools/cli", "shared/base-node")
POINTS = ["write-planned", "policy-written"]


def steps(progress) -> dict[str, int]:
    return {seen.name: seen.attempts for seen in progress.steps}


@pytest.mark.both_databases
def test_an_operation_killed_in_its_wait_goes_on_by_itself(world):
    operation_id = world.killed_in_its_wait(OFF, BARE)
    world.host()
    ended = world.ended(operation_id)
    assert (ended.outcome, steps(ended)["activate_role"]) == ("succeeded", 1)
    assert world.sids(BARE) == [f"AllowLightsailPull-{OFF}"]


@pytest.mark.both_databases
@pytest.mark.parametrize("point", POINTS)
def test_a_grant_killed_around_its_write_holds_exactly_once(world, point):
    host = world.host(at={point: "KILL"})
    operation_id = host.start("grant", ON, BARE)
    assert host.dies() == -signal.SIGKILL
    world.host()
    ended = world.ended(operation_id)
    assert (ended.outcome, steps(ended)["update_policy"]) == ("succeeded", 2)
    assert world.sids(BARE) == [f"AllowLightsailPull-{ON}"]


@pytest.mark.parametrize("point", POINTS)
def test_the_history_of_a_killed_write_is_true(world, point):
    host = world.host(at={point: "KILL"})
    operation_id = host.start("grant", ON, BARE)
    host.dies()
    world.host()
    world.ended(operation_id)
    *unanswered, change = world.changes(operation_id)
    assert (change.before, change.written_at is not None) == (None, True)
    assert len(unanswered) == (point == "write-planned")
    assert len(world.sandbox.policy(BARE)["revisions"]) == 1


def test_a_write_of_a_killed_process_is_recorded_although_the_operation_was_cancelled_since(world):
    host = world.host(at={"policy-written": "KILL"})
    operation_id = host.start("grant", ON, BARE)
    host.dies()
    cancel_requested(world.db, operation_id, "ken")
    world.host()
    assert world.ended(operation_id).outcome == "cancelled"
    [change] = world.changes(operation_id)
    assert (change.written_at is not None, world.sids(BARE)) == (True, [f"AllowLightsailPull-{ON}"])


def test_a_revoke_killed_after_its_write_is_done_once(world):
    host = world.host()
    world.ended(host.start("grant", ON, BARE))
    assert host.end() == 0
    host = world.host(at={"policy-written": "KILL"})
    operation_id = host.start("revoke", ON, BARE)
    host.dies()
    world.host()
    assert world.ended(operation_id).outcome == "succeeded"
    assert world.sandbox.policy(BARE)["policy"] is None


def test_a_role_switched_just_before_the_kill_is_told_as_switched(world):
    host = world.host(at={"role-switched": "KILL"})
    operation_id = host.start("activate", OFF)
    host.dies()
    world.host()
    assert world.ended(operation_id).outcome == "succeeded"
    assert len(world.sandbox.calls("lightsail:UpdateContainerService")) == 1


def test_a_deactivation_killed_before_its_parts_knew_of_the_cancel_stops_them(world):
    host = world.host()
    for name in (BARE, *SHARED):
        world.ended(host.start("grant", ON, name))
    assert host.end() == 0
    host = world.host(at={"write-planned": "KILL"})
    off = host.start("deactivate", ON, remove_statements=True)
    host.dies()
    cancel_requested(world.db, off, "ken")  # the last that the killed process recorded
    world.host()
    assert world.ended(off, seconds=90).outcome == "cancelled"
    assert None not in {world.progress(part).outcome for part in followers(world.db, off)}


def test_a_role_switched_just_before_the_kill_is_told_as_switched_although_the_operation_was_cancelled(world):
    host = world.host(at={"role-switched": "KILL"})
    operation_id = host.start("grant", OFF, BARE)
    host.dies()
    cancel_requested(world.db, operation_id, "ken")
    world.host()
    ended = world.ended(operation_id)
    assert (ended.outcome, ended.steps[0].state, world.sids(BARE)) == ("cancelled", "succeeded", [])


@pytest.mark.both_databases
def test_what_waited_in_the_queue_when_the_power_went_is_done_too(world):
    host = world.host(at={"policy-written": "KILL"})
    ids = [host.start("grant", ON, name) for name in (BARE, *SHARED)]
    host.dies()
    world.host()
    assert {world.ended(one).outcome for one in ids} == {"succeeded"}


def test_an_end_in_order_leaves_work_for_the_next_start(world):
    world.sandbox.options(activation_seconds=60)
    host = world.host()
    operation_id = host.start("grant", OFF, BARE)
    until(lambda: world.progress(operation_id).current, lambda step: step and step.name == StepName.WAIT_FOR_ROLE)
    assert host.end() == 0
    world.sandbox.advance(60)
    world.host()
    assert world.ended(operation_id).outcome == "succeeded"

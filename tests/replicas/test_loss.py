"""One of two replicas is lost, or only silent, during its work."""

from pathlib import Path

import pytest

from app.operations.state import StepName
from tests.console import until
from tests.crash.conftest import World

pytestmark = [pytest.mark.crash, pytest.mark.postgres]
OFF, ON, BARE = "payments-api", "storefront-web", "payments/api"
OURS = f"AllowLightsailPull-{ON}"


def many(world: World, count: int) -> list[str]:
    """The names of new repositories."""
    ecr = world.sandbox.client("ecr")
    names = [f"load/{number:02}" for number in range(count)]
    for name in names:
        ecr.create_repository(repositoryName=name)
    return names


def ended(world: World, ids: list[str]) -> int:
    return sum(world.progress(one).ended for one in ids)


def silent(world: World, host) -> None:
    """Wait until a replica has stopped itself."""
    status = Path(f"/proc/{host.process.pid}/stat")
    until(lambda: status.read_text().rpartition(")")[2].split()[0], lambda state: state == "T")


def test_the_other_replica_finishes_what_a_killed_one_had_at_work(world, replica):
    names = many(world, 50)
    world.sandbox.options(latency_ms=60)
    first, second = replica("first"), replica("second")
    ids = [host.start("grant", ON, name) for host, name in zip([first, second] * 25, names, strict=True)]
    until(lambda: ended(world, ids), lambda count: count >= 5)
    first.kill()
    assert {world.ended(one, 120).outcome for one in ids} == {"succeeded"}
    for name in names:
        assert world.sids(name) == [OURS]
        assert len(world.sandbox.policy(name)["revisions"]) == 1
    assert second.work() == []


@pytest.mark.parametrize("point", ["write-planned", "policy-written"])
def test_a_replica_that_was_only_stalled_doubles_and_loses_nothing(world, replica, point):
    first = replica("first", at={point: "STOP"})
    operation_id = first.start("grant", ON, BARE)
    silent(world, first)
    second = replica("second")
    assert world.ended(operation_id).outcome == "succeeded"
    first.wake()
    until(first.work, lambda work: work == [])
    assert world.sids(BARE) == [OURS]
    taken = [change for change in world.changes(operation_id) if change.written_at]
    assert len(world.sandbox.policy(BARE)["revisions"]) == len(taken) == 1
    for host, name in ((first, "tools/cli"), (second, "shared/base-node")):
        assert world.ended(host.start("grant", ON, name)).outcome == "succeeded"


def test_what_a_stalled_replica_was_about_to_write_is_never_sent(world, replica):
    first = replica("first", at={"write-planned": "STOP"})
    granted = first.start("grant", ON, BARE)
    silent(world, first)
    second = replica("second")
    world.ended(granted)
    world.ended(second.start("revoke", ON, BARE))
    first.wake()
    until(first.work, lambda work: work == [])
    assert world.sandbox.policy(BARE)["policy"] is None


def test_work_of_a_replica_that_ends_in_order_is_taken_at_once(world, replica):
    world.sandbox.options(activation_seconds=600)
    first, second = replica("first"), replica("second")
    operation_id = first.start("grant", OFF, BARE)
    holder, other = until(
        lambda: [(a, b) for a, b in ((first, second), (second, first)) if operation_id in a.work()], bool
    )[0]
    until(lambda: world.progress(operation_id).current, lambda step: step and step.name == StepName.WAIT_FOR_ROLE)
    assert holder.end() == 0
    until(other.work, lambda work: work == [operation_id])
    world.sandbox.advance(600)
    assert world.ended(operation_id).outcome == "succeeded"


def test_a_rolling_restart_under_load_loses_nothing(world, replica):
    names = many(world, 30)
    world.sandbox.options(latency_ms=30)
    hosts = {name: replica(name) for name in ("first", "second")}
    ids = []
    for number, name in enumerate(names):
        turn = ("first", "second")[number % 2]
        if number in (10, 21):
            assert hosts[turn].end() == 0
            hosts[turn] = replica(turn)
        ids.append(hosts[turn].start("grant", ON, name))
    assert {world.ended(one, 90).outcome for one in ids} == {"succeeded"}
    assert [world.sids(name) for name in names] == [[OURS]] * len(names)


def test_an_operation_is_cancelled_from_the_other_replica(world, replica):
    world.sandbox.options(activation_seconds=600)
    hosts = [replica("first"), replica("second")]
    operation_id = hosts[0].start("grant", OFF, BARE)
    until(lambda: world.progress(operation_id).current, lambda step: step and step.name == StepName.WAIT_FOR_ROLE)
    other = hosts[0] if operation_id in hosts[1].work() else hosts[1]
    assert other.cancel(operation_id)
    assert world.ended(operation_id).outcome == "cancelled"

"""A batch whose process is killed, and goes on: each repository exactly once."""

import signal

import pytest

from app.history import batches
from app.history.store import cancel_requested
from tests.console import until

pytestmark = pytest.mark.crash
OFF, ON, ALSO_ON = "payments-api", "storefront-web", "edge-cache"
COUNT = 16


def check_once(world, names, service=ON):
    for name in names:
        assert world.sids(name) == [f"AllowLightsailPull-{service}"]
        assert len(world.sandbox.policy(name)["revisions"]) == 1


def recorded(world, batch_id):
    """The repositories of the writes that are known to have been carried out."""
    items = batches.list_items(world.db, batch_id).items
    return [change.repository for item in items for change in world.changes(item.id) if change.written_at]


@pytest.mark.parametrize("point", ["write-planned", "policy-written"])
def test_a_batch_killed_around_a_write_does_each_repository_once(world, point):
    names = world.repositories(COUNT)
    host = world.host(at={point: "KILL"})
    batch_id = host.start_batch("grant", ON, names)
    assert host.dies() == -signal.SIGKILL
    world.host()
    assert world.batch_ended(batch_id) == {"succeeded": COUNT}
    check_once(world, names)


@pytest.mark.both_databases
@pytest.mark.parametrize("point", ["write-planned", "policy-written"])
def test_a_write_for_several_services_is_made_once_and_confirmed_for_each(world, point):
    names = world.repositories(COUNT)
    host = world.host(at={point: "KILL"})
    batch_id = host.start_batch("grant", ON, names, ALSO_ON)
    assert host.dies() == -signal.SIGKILL
    world.host()
    assert world.batch_ended(batch_id) == {"succeeded": 2 * COUNT}
    for name in names:
        assert sorted(world.sids(name)) == sorted(f"AllowLightsailPull-{service}" for service in (ON, ALSO_ON))
        # What had begun and was not sent is done for one service after the other; nothing is written again.
        assert len(world.sandbox.policy(name)["revisions"]) <= 2


@pytest.mark.both_databases
def test_a_batch_killed_in_the_middle_goes_on(world):
    names = world.repositories(COUNT)
    world.sandbox.options(latency_ms=60)
    host = world.host()
    batch_id = host.start_batch("grant", ON, names)
    until(lambda: world.batch_counts(batch_id).get("succeeded", 0), lambda count: count >= 4)
    host.kill()
    world.host()
    assert world.batch_ended(batch_id) == {"succeeded": COUNT}
    check_once(world, names)


def test_the_writes_of_a_killed_batch_are_recorded_although_it_was_cancelled_since(world):
    names = world.repositories(8)
    host = world.host(at={"policy-written": "KILL"})
    batch_id = host.start_batch("grant", ON, names)
    host.dies()
    cancel_requested(world.db, batch_id, "ken")
    world.host()
    world.batch_ended(batch_id)
    written = [
        change.repository
        for item in batches.list_items(world.db, batch_id).items
        for change in world.changes(item.id)
        if change.written_at
    ]
    assert sorted(written) == [name for name in names if world.sids(name)] != []


@pytest.mark.parametrize("cancelled", [True, False])
def test_the_writes_of_a_killed_batch_are_recorded_although_the_role_cannot_be_read_since(world, cancelled):
    names = world.repositories(8)
    host = world.host()
    world.batch_ended(host.start_batch("grant", ON, names))
    host.kill()
    host = world.host(at={"policy-written": "KILL"})
    batch_id = host.start_batch("revoke", ON, names)
    host.dies()
    if cancelled:
        cancel_requested(world.db, batch_id, "ken")
    world.sandbox.fault(kind="reset" if cancelled else "access_denied", action="lightsail:*")
    world.host()
    ended = world.batch_ended(batch_id)
    written = [name for name in names if world.sids(name) == []]
    assert ended == {"cancelled" if cancelled else "failed": len(names)}
    assert written
    assert sorted(recorded(world, batch_id)) == written


def test_a_batch_killed_while_it_waits_for_its_role_activates_it_once(world):
    names = world.repositories(COUNT)
    host = world.host(at={"role-switched": "KILL"})
    batch_id = host.start_batch("grant", OFF, names)
    host.dies()
    world.host()
    assert world.batch_ended(batch_id) == {"succeeded": COUNT}
    check_once(world, names, OFF)
    assert len(world.sandbox.calls("lightsail:UpdateContainerService")) == 1

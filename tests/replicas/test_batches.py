"""A batch on one of two replicas: cancelled from the other, and taken over by it."""

import pytest
from sqlalchemy import select

from app.history.models import PolicyChange
from tests.console import until

pytestmark = [pytest.mark.crash, pytest.mark.postgres]
ON = "storefront-web"
COUNT = 60


def test_the_other_replica_takes_a_batch_over_and_does_each_repository_once(world, replica):
    names = world.repositories(COUNT)
    world.sandbox.options(latency_ms=60)
    first = replica("first")
    batch_id = first.start_batch("grant", ON, names)
    until(lambda: world.batch_counts(batch_id).get("succeeded", 0), lambda count: count >= 8)
    replica("second")
    first.kill()
    assert world.batch_ended(batch_id, 120) == {"succeeded": COUNT}
    for name in names:
        assert world.sids(name) == [f"AllowLightsailPull-{ON}"]
        assert len(world.sandbox.policy(name)["revisions"]) == 1


def test_a_batch_is_cancelled_from_the_other_replica(world, replica):
    names = world.repositories(COUNT)
    world.sandbox.options(latency_ms=300)
    first, second = replica("first"), replica("second")
    batch_id = first.start_batch("grant", ON, names)
    until(lambda: world.batch_counts(batch_id).get("succeeded", 0), bool)
    second.cancel_batch(batch_id)
    counts = world.batch_ended(batch_id)
    assert set(counts) == {"succeeded", "cancelled"}
    assert counts["cancelled"] > COUNT / 3
    # One that is cancelled between its write and its verification has access, and its record says so.
    with world.db.read() as session:
        written = set(session.scalars(select(PolicyChange.repository).where(PolicyChange.written_at.is_not(None))))
    assert {name for name in names if world.sids(name)} == written
    assert len(written) >= counts["succeeded"]

"""A replica that was silent while it was about to deploy, or to switch a role, does neither once it wakes up."""

from __future__ import annotations

import pytest

from tests.console import until
from tests.replicas.test_loss import silent

pytestmark = [pytest.mark.crash, pytest.mark.postgres]
SERVICE, REPOSITORY, TAG = "storefront-web", "storefront/web", "5.2.1"
OFF = "payments-api"


def versions(world) -> list[int]:
    return [each["version"] for each in world.sandbox.deployments(SERVICE)]


def test_what_a_stalled_replica_was_about_to_deploy_is_never_sent(world, replica):
    world.sandbox.options(deployment_seconds=0)
    before = versions(world)
    first = replica("first", at={"deployment-planned": "STOP"})
    operation = first.start("deploy", SERVICE, REPOSITORY, tag=TAG, container="web")
    silent(world, first)
    replica("second")
    assert world.ended(operation).outcome == "succeeded"
    assert versions(world) == [before[0] + 1, *before]
    first.wake()
    until(first.work, lambda work: work == [])
    assert versions(world) == [before[0] + 1, *before]


def test_a_role_that_a_stalled_replica_was_about_to_switch_stays_as_it_is(world, replica):
    first = replica("first", at={"switch-planned": "STOP"})
    activated = first.start("activate", OFF)
    silent(world, first)
    second = replica("second")
    assert world.ended(activated).outcome == "succeeded"
    assert world.ended(second.start("deactivate", OFF)).outcome == "succeeded"
    first.wake()
    until(first.work, lambda work: work == [])
    switches = [call["params"] for call in world.sandbox.calls("lightsail:UpdateContainerService")]
    assert len(switches) == 2, switches

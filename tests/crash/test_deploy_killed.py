"""A deployment whose process is killed is made exactly once, and no file of it holds a value of a variable."""

from __future__ import annotations

import signal

import boto3
import pytest

from app.history.store import cancel_requested
from app.operations.state import StepName
from tests.console import until

pytestmark = pytest.mark.crash
# As the sandbox is seeded: it runs two containers of ECR, and may pull from the repository.
SERVICE, REPOSITORY = "storefront-web", "storefront/web"
TAG = "5.2.1"
CANARY = "canary-9e2c41"


@pytest.fixture
def lightsail(world):
    """The service with a secret among its variables, as somebody deployed it."""
    world.sandbox.options(deployment_seconds=0)
    client = boto3.client(
        "lightsail",
        endpoint_url=world.sandbox.url,
        region_name="us-east-1",
        aws_access_key_id="AKIDSANDBOX",
        aws_secret_access_key="sandbox",
    )
    shown = client.get_container_services(serviceName=SERVICE)["containerServices"][0]["currentDeployment"]
    shown["containers"]["web"]["environment"] = {"DB_PASSWORD": CANARY}
    client.create_container_service_deployment(
        serviceName=SERVICE, containers=shown["containers"], publicEndpoint=shown["publicEndpoint"]
    )
    return client


def versions(client) -> list[tuple[int, str]]:
    deployments = client.get_container_service_deployments(serviceName=SERVICE)["deployments"]
    return [(each["version"], each["containers"]["web"]["image"].partition(":")[2]) for each in deployments]


@pytest.mark.parametrize("seconds", [0, 2])
@pytest.mark.parametrize("point", ["deployment-planned", "deployment-sent"])
def test_a_deployment_killed_around_its_call_is_made_once(world, lightsail, point, seconds):
    world.sandbox.options(deployment_seconds=seconds)
    before = versions(lightsail)
    host = world.host(at={point: "KILL"})
    operation = host.start("deploy", SERVICE, REPOSITORY, tag=TAG, container="web")
    assert host.dies() == -signal.SIGKILL
    world.host()
    ended = world.ended(operation)
    assert ended.outcome == "succeeded", ended.problem
    assert versions(lightsail) == [(before[0][0] + 1, TAG), *before]
    kept = lightsail.get_container_service_deployments(serviceName=SERVICE)["deployments"][0]["containers"]["web"]
    assert kept["environment"] == {"DB_PASSWORD": CANARY}
    found = [path.name for path in world.folder.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
    assert found == []


@pytest.mark.parametrize("point", ["deployment-planned", "deployment-sent"])
def test_a_killed_deployment_is_told_as_made_if_it_was_although_it_was_cancelled_since(world, lightsail, point):
    count = len(versions(lightsail))
    host = world.host(at={point: "KILL"})
    operation = host.start("deploy", SERVICE, REPOSITORY, tag=TAG, container="web")
    host.dies()
    cancel_requested(world.db, operation, "ken")
    world.host()
    ended = world.ended(operation)
    assert (ended.outcome, ended.was_deployed) == ("cancelled", len(versions(lightsail)) > count)


@pytest.mark.both_databases
def test_a_deployment_killed_while_it_is_watched_goes_on(world, lightsail):
    world.sandbox.options(deployment_seconds=60)
    before = versions(lightsail)
    host = world.host()
    operation = host.start("deploy", SERVICE, REPOSITORY, tag=TAG, container="web")
    watching = until(lambda: world.progress(operation).current, lambda step: step and step.name == "watch_deployment")
    assert watching.name is StepName.WATCH_DEPLOYMENT
    host.kill()
    world.sandbox.advance(60)
    world.host()
    assert world.ended(operation).outcome == "succeeded"
    assert len(versions(lightsail)) == len(before) + 1

"""A rollback replaces nobody else's deployment, and a failure tells what runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.operations.state import StepName
from tests.build import REGION, SERVICE, a_policy, a_repository, a_statement, an_image, puller_arn
from tests.operations.deploying import DIGEST, RUNNING, WEB, access, deploy, versions
from tests.operations.workshop import active, step

__all__ = ["access"]

THEIRS = replace(RUNNING, public_endpoint=None)
VERSIONS = "lightsail:GetContainerServiceDeployments"


def deploys_after_the_failure(aws) -> None:
    """Let somebody else deploy once the failure has been read: a rollback is about to be sent."""
    meanwhile = [lambda: None, lambda: None, lambda: aws.deployments(REGION).deploy(SERVICE, THEIRS)]
    for each in meanwhile:
        aws.meanwhile(VERSIONS, each)


def deploys_as_the_rollback_is_sent(aws) -> None:
    """Let somebody else deploy between the rollback's last look and its request, which AWS then refuses."""
    create = "lightsail:CreateContainerServiceDeployment"
    aws.meanwhile(create, lambda: None)
    aws.meanwhile(create, lambda: aws.deployments(REGION).deploy(SERVICE, THEIRS))
    aws.meanwhile(create, lambda: None)


@pytest.mark.parametrize("somebody", [deploys_after_the_failure, deploys_as_the_rollback_is_sent])
def test_a_rollback_replaces_nothing_that_was_deployed_since(shop, access, somebody):
    access.known_services[REGION, SERVICE].deployed.failures = 1
    somebody(access)
    ended = shop.ended(deploy(shop, rollback=True))
    rolled_back = step(ended, StepName.ROLL_BACK)
    assert (ended.problem.code, rolled_back.problem.code) == ("deployment.failed", "rollback.overtaken")
    assert rolled_back.problem.params["other"] == 3
    assert [each.version for each in versions(access)] == [3, 2, 1]


def test_a_first_deployment_that_fails_leaves_nothing_running(shop, aws):
    active(aws, SERVICE)
    allowed = a_policy([a_statement(principal={"AWS": puller_arn()})])
    aws.add_repository(a_repository(WEB), policy=allowed, images=[an_image("2.0", digest=DIGEST)])
    aws.known_services[REGION, SERVICE].deployed.failures = 1
    assert shop.ended(deploy(shop, port=8080)).problem.code == "deployment.first_failed"

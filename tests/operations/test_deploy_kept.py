"""What is checked of the containers that stay as they are: a deployment pulls their images again too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.aws.deployment_ports import DeploymentSpec
from app.operations.state import StepName
from tests.build import REGION, SERVICE, a_policy, a_repository, a_statement, an_image, puller_arn
from tests.fake_deployments import deployed_before
from tests.operations.deploying import DIGEST, HOST, RUNNING, WEB, deploy, versions
from tests.operations.workshop import active, step

SIDE = "storefront/side"


@pytest.fixture
def beside(aws):
    """A service that runs an image of each of two repositories, and may pull from both."""
    active(aws, SERVICE)
    allowed = a_policy([a_statement(principal={"AWS": puller_arn()})])
    aws.add_repository(a_repository(WEB), policy=allowed, images=[an_image("2.0", digest=DIGEST), an_image("1.0")])
    aws.add_repository(a_repository(SIDE), policy=allowed, images=[an_image("7")])
    sidecar = {**RUNNING.containers["sidecar"], "image": f"{HOST}/{SIDE}:7"}
    deployed_before(aws, SERVICE, DeploymentSpec({**RUNNING.containers, "sidecar": sidecar}, RUNNING.public_endpoint))
    return aws


def test_an_image_is_deployed_beside_one_that_can_still_be_pulled(shop, beside):
    ended = shop.ended(deploy(shop))
    assert (ended.outcome, len(versions(beside))) == ("succeeded", 2), ended.problem


def test_nothing_is_deployed_beside_an_image_that_was_deleted(shop, beside):
    beside.known_repositories[REGION, SIDE].images.clear()
    problem = shop.ended(deploy(shop)).problem
    assert (problem.code, problem.params["image"]) == ("image.missing", f"{SIDE}:7")
    assert len(versions(beside)) == 1


@pytest.mark.parametrize("grant", [False, True])
def test_nothing_is_deployed_beside_an_image_that_may_not_be_pulled(shop, beside, grant):
    """Access that is given first is access to the repository that is deployed."""
    beside.known_repositories[REGION, SIDE].policy = a_policy()
    problem = shop.ended(deploy(shop, grant=grant)).problem
    assert (problem.code, problem.params["cause"]) == ("deployment.would_fail", "policy.not_named")
    assert SIDE in str(problem.details)
    assert len(versions(beside)) == 1


def test_the_image_that_is_replaced_need_not_be_there(shop, beside):
    images = beside.known_repositories[REGION, WEB].images
    images[:] = [each for each in images if "1.0" not in each.tags]
    ended = shop.ended(deploy(shop))
    assert ended.outcome == "succeeded", ended.problem


def test_access_that_is_given_first_counts_for_another_image_of_the_repository(shop, beside):
    beside.known_repositories[REGION, WEB].policy = a_policy()
    both = {name: {**each, "image": f"{HOST}/{WEB}:1.0"} for name, each in RUNNING.containers.items()}
    deployed_before(beside, SERVICE, replace(RUNNING, containers=both))
    ended = shop.ended(deploy(shop, container="web", grant=True))
    assert ended.outcome == "succeeded", ended.problem


def test_who_may_not_read_the_other_image_may_deploy(shop, beside):
    beside.denied.add("ecr:DescribeImages")
    ended = shop.ended(deploy(shop))
    assert (ended.outcome, step(ended, StepName.CHECK_DEPLOYMENT).note.code) == ("succeeded", "deployment.unchecked")

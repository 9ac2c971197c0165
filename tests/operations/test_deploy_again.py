"""What is checked before a version is deployed again: images that it names may have been deleted since it ran."""

from __future__ import annotations

import pytest

from app.operations.state import Kind, StepName
from tests.build import REGION, SERVICE, a_policy
from tests.operations.deploying import WEB, access, versions
from tests.operations.workshop import step

__all__ = ["access"]


@pytest.fixture
def again(shop, access):
    """Deploys version 1 again, and returns how that ended."""
    return lambda: shop.ended(shop.start(Kind.DEPLOY, SERVICE, "", version=1))


def test_a_version_whose_images_exist_is_deployed(again, access):
    ended = again()
    assert (ended.outcome, step(ended, StepName.CHECK_DEPLOYMENT).note.code) == ("succeeded", "deployment.again")
    assert len(versions(access)) == 2


def test_a_version_whose_image_was_deleted_is_not(again, access):
    access.known_repositories[REGION, WEB].images.clear()
    problem = again().problem
    assert (problem.code, problem.params["image"]) == ("image.missing", f"{WEB}:1.0")
    assert len(versions(access)) == 1


def test_a_version_whose_image_may_not_be_pulled_is_not(again, access):
    access.known_repositories[REGION, WEB].policy = a_policy()
    problem = again().problem
    assert (problem.code, problem.params["cause"]) == ("deployment.would_fail", "policy.not_named")
    assert len(versions(access)) == 1


def test_who_may_not_read_images_may_deploy_a_version_again(again, access):
    access.denied.add("ecr:DescribeImages")
    ended = again()
    assert ended.outcome == "succeeded", ended.problem
    assert step(ended, StepName.CHECK_DEPLOYMENT).note.code == "deployment.unchecked"


def test_a_version_that_there_is_not_is_told_at_once(shop, access):
    ended = shop.ended(shop.start(Kind.DEPLOY, SERVICE, "", version=7))
    assert ended.problem.code == "deployment.no_version"
    assert step(ended, StepName.DEPLOY).attempts == 0

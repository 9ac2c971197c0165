"""Why a deployment is not taken, or never ends: what AWS refuses, and what its answers leave open for too long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.aws.ports import Answered
from app.errors import Problem
from tests.build import REGION, SERVICE
from tests.fake_deployments import FakeDeployments
from tests.operations.deploying import CREATE, access, deploy, versions

__all__ = ["access"]

MINUTE = 60.0


@pytest.fixture
def answers_differ(shop, monkeypatch):
    """Let the list of versions show the newest as on its way from now on, with minutes between two lists of them.

    The service itself shows no deployment on its way.
    """
    usual = FakeDeployments.list_versions

    def begin(minutes: float, *, with_one_more: bool) -> None:
        def on_its_way(self, service):
            shop.services.clock._began -= minutes * MINUTE / shop.speed
            newest, *rest = usual(self, service).value
            older = [newest, *rest] if with_one_more else rest
            shown = replace(newest, version=newest.version + with_one_more, state="ACTIVATING")
            return Answered((shown, *older), "request")

        monkeypatch.setattr(FakeDeployments, "list_versions", on_its_way)

    return begin


def refuse(aws) -> None:
    aws.fail(CREATE, Problem("service.refused", aws_message="bad port", service=SERVICE, region=REGION))


def test_what_a_settled_service_refuses_is_told_with_what_aws_said(shop, access):
    refuse(access)
    problem = shop.ended(deploy(shop)).problem
    assert (problem.code, problem.params["state"], problem.aws_message) == ("deployment.refused", "RUNNING", "bad port")
    assert len(versions(access)) == 1


def test_a_service_that_was_disabled_since_it_was_checked_is_named_as_the_reason(shop, access):
    known = access.known_services[REGION, SERVICE]

    def disable() -> None:
        known.shown = replace(known.shown, state="DISABLED", is_disabled=True)

    access.meanwhile(CREATE, disable)
    refuse(access)
    problem = shop.ended(deploy(shop)).problem
    assert (problem.code, problem.params["service"]) == ("deployment.service_disabled", SERVICE)


def test_a_deployment_that_only_the_list_shows_as_on_its_way_is_waited_for_ten_minutes(shop, access, answers_differ):
    access.meanwhile(CREATE, lambda: answers_differ(4, with_one_more=True))
    access.fail(CREATE, Problem("aws.throttled", retryable=True, action=CREATE, region=REGION))
    problem = shop.ended(deploy(shop)).problem
    assert (problem.code, problem.params["minutes"]) == ("service.never_settled", 10)


def test_a_deployment_that_only_the_list_shows_as_on_its_way_is_watched_for_thirty_minutes(
    shop, access, answers_differ
):
    access.known_services[REGION, SERVICE].deployed.failures = 1
    shop.points.do["deployment-sent"] = lambda: answers_differ(8, with_one_more=False)
    problem = shop.ended(deploy(shop)).problem
    assert (problem.code, problem.params["minutes"]) == ("deployment.never_ended", 30)

"""Deployments as operations: one at a time for each service, exactly one for each request, and nothing secret kept."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.deployments.change import compare
from app.deployments.plan import plan_deployment
from app.deployments.request import DeployRequest
from app.diagnosis.check_result import Certainty, Found
from app.diagnosis.diagnosis import Diagnosis
from app.diagnosis.facts import Facts
from app.errors import Problem
from app.history.models import Operation
from app.history.queries import stuck_in_queue
from app.operations.deployment_watch import root_cause
from app.operations.state import Kind, StepName
from tests.build import REGION, SERVICE, a_policy, a_repository, a_service, a_statement, an_image, puller_arn
from tests.fake_deployments import containers_of, deployed_before
from tests.operations.deploying import CANARY, CREATE, DIGEST, HOST, RUNNING, WEB, access, deploy, versions
from tests.operations.workshop import actions, active, inactive, step

__all__ = ["access"]

LOST = Problem("aws.slow", retryable=True, effect_unknown=True, action=CREATE, region=REGION)
LONG = 1_000  # seconds that a deployment is on its way unless it is ended


def containers_with_tag(tag: str) -> dict[str, dict[str, object]]:
    return {**RUNNING.containers, "web": {**RUNNING.containers["web"], "image": f"{HOST}/{WEB}:{tag}"}}


def images(aws, service: str = SERVICE) -> list[str]:
    """What `web` ran and runs, newest first."""
    return [each["web"]["image"].removeprefix(f"{HOST}/") for each in containers_of(versions(aws, service))]


def test_an_image_is_deployed_and_all_else_kept(shop, access):
    ended = shop.ended(deploy(shop))
    assert ended.outcome == "succeeded", ended.problem
    newest = versions(access)[0]
    assert (newest.version, newest.state, newest.spec.public_endpoint) == (2, "ACTIVE", RUNNING.public_endpoint)
    assert newest.spec.containers == containers_with_tag("2.0")
    assert ended.image_uri == f"{HOST}/{WEB}:2.0"


def test_a_deployment_makes_at_most_five_calls_beside_the_polls(shop, access):
    shop.ended(deploy(shop))
    names = actions(access)
    beside = names[: names.index("CreateContainerServiceDeployment") + 1]
    assert len(beside) <= 5
    assert set(names[len(beside) :]) <= {"GetContainerServices"}


@pytest.mark.both_databases
def test_no_value_of_a_variable_is_kept_anywhere(shop, access, caplog):
    access.known_services[REGION, SERVICE].deployed.failures = 1
    shop.ended(deploy(shop, rollback=True))
    shop.ended(deploy(shop, version=1, tag=""))
    with shop.services.db.read() as session:
        tables = ("operations", "operation_steps")
        rows = str(
            [tuple(row) for name in tables for row in session.connection().exec_driver_sql(f"SELECT * FROM {name}")]
        )
    assert "DB_PASSWORD" in rows  # names are kept, so what was searched is what is meant
    files = [path for path in Path(shop.services.settings.data_dir).rglob("*") if path.is_file()]
    found = [str(path) for path in files if CANARY.encode() in path.read_bytes()]
    assert (found, CANARY in rows, CANARY in caplog.text) == ([], False, False)


def test_a_digest_is_pinned_when_it_is_checked(shop, access):
    shop.ended(deploy(shop, pin=True))
    assert images(access)[0] == f"{WEB}@{DIGEST}"


def test_the_same_deployment_asked_twice_is_one(shop, access):
    first = deploy(shop)
    assert deploy(shop) == first
    shop.ended(first)
    assert images(access) == [f"{WEB}:2.0", f"{WEB}:1.0"]


def test_two_deployments_of_one_service_run_one_after_the_other(shop, access):
    access.known_repositories[REGION, WEB].images.append(an_image("3.0", digest="sha256:" + "3" * 64))
    for operation in [deploy(shop), deploy(shop, tag="3.0")]:
        assert shop.ended(operation).outcome == "succeeded"
    assert images(access) == [f"{WEB}:3.0", f"{WEB}:2.0", f"{WEB}:1.0"]


def test_a_grant_requested_later_leaves_a_waiting_deployment_alone(shop, access):
    """It runs at once while the deployment waits for its turn: on one repository, but not about the same thing."""
    deployed = access.known_services[REGION, SERVICE].deployed
    deployed.seconds = LONG
    first = deploy(shop)
    shop.at(first, StepName.WATCH_DEPLOYMENT)
    second = deploy(shop, tag="2.0", container="web")
    assert shop.ended(shop.grant(SERVICE, WEB)).outcome == "nothing_to_do"
    assert not shop.progress(second).ended
    deployed.end(shop.services.clock.now())
    assert [shop.ended(each).outcome for each in (first, second)] == ["succeeded", "succeeded"]


def test_a_deployment_waiting_behind_another_is_not_stuck(shop, access):
    deployed = access.known_services[REGION, SERVICE].deployed
    deployed.seconds = LONG
    first = deploy(shop)
    shop.at(first, StepName.WATCH_DEPLOYMENT)
    access.add_repository(a_repository("storefront/api"), images=[an_image("1")])
    second = shop.start(Kind.DEPLOY, SERVICE, "storefront/api", tag="1", container="web")
    later = shop.services.clock.now() + timedelta(days=1)
    assert stuck_in_queue(shop.services.db, waiting_since=later, begun_since=later) == 0
    deployed.end(shop.services.clock.now())
    for each in (first, second):
        shop.ended(each)


def test_a_busy_service_is_waited_for(shop, access):
    deployed = access.known_services[REGION, SERVICE].deployed
    deployed.seconds = LONG
    access.deployments(REGION).deploy(SERVICE, RUNNING)  # somebody else's, on its way
    operation = deploy(shop)
    shop.at(operation, StepName.DEPLOY, note="service.busy")
    deployed.end(shop.services.clock.now())
    assert shop.ended(operation).outcome == "succeeded"
    assert [each.version for each in versions(access)] == [3, 2, 1]


def test_a_service_that_became_busy_is_waited_for(shop, access):
    access.meanwhile(CREATE, lambda: access.deployments(REGION).deploy(SERVICE, RUNNING))
    assert shop.ended(deploy(shop)).outcome == "succeeded"
    assert len(versions(access)) == 3


def test_tries_are_seconds_apart_however_often_aws_refuses(shop, access):
    """Twelve pauses that always doubled would take longer than the ten minutes for which it tries."""
    throttled = Problem("aws.throttled", retryable=True, aws_code="ThrottlingException", action=CREATE, region=REGION)
    access.fail(CREATE, throttled, times=12)
    assert shop.ended(deploy(shop)).outcome == "succeeded"
    assert len(versions(access)) == 2


def test_a_lost_answer_makes_no_second_deployment(shop, access):
    access.lose_answer(CREATE)
    ended = shop.ended(deploy(shop))
    assert (ended.outcome, len(versions(access))) == ("succeeded", 2)
    assert step(ended, StepName.DEPLOY).note.code == "deployment.found"


def test_what_was_never_carried_out_is_sent_again(shop, access):
    access.fail(CREATE, LOST)
    ended = shop.ended(deploy(shop))
    assert (ended.outcome, len(versions(access))) == ("succeeded", 2)
    assert step(ended, StepName.CHECK_DEPLOYMENT).note.code == "deployment.checked"
    assert step(ended, StepName.DEPLOY).note.code == "deployment.created"


@pytest.mark.parametrize("seconds", [30, 50])
def test_a_deployment_that_aws_makes_late_is_found_and_not_sent_again(shop, access, seconds):
    clock, due = shop.services.clock, []
    access.known_services[REGION, SERVICE].deployed.seconds = 0  # the service never looks busy
    access.fail(CREATE, LOST)
    access.meanwhile(CREATE, lambda: due.append(clock.now() + timedelta(seconds=seconds)))
    late = replace(RUNNING, containers=containers_with_tag("2.0"))

    def arrive() -> None:
        if due and clock.now() >= due[0]:
            due.clear()
            access.known_services[REGION, SERVICE].deployed.add(late, clock.now())

    for _ in range(20):
        access.meanwhile("lightsail:GetContainerServiceDeployments", arrive)
    ended = shop.ended(deploy(shop))
    assert (ended.outcome, actions(access).count("CreateContainerServiceDeployment")) == ("succeeded", 1)
    assert step(ended, StepName.DEPLOY).note.code == "deployment.found"


def test_a_deployment_that_aws_never_answers_ends_as_unknown(shop, access):
    access.fail(CREATE, LOST, times=100)
    ended = shop.ended(deploy(shop))
    assert (ended.outcome, ended.problem.code) == ("failed", "deployment.unconfirmed")
    assert actions(access).count("CreateContainerServiceDeployment") <= 11


def test_what_was_previewed_is_deployed_or_nothing(shop, access):
    planned = plan_deployment(SERVICE, versions(access), DeployRequest(tag="2.0"), f"{HOST}/{WEB}:2.0")
    seen = compare(planned.compared_with, planned.before, planned.after).fingerprint()
    assert shop.ended(deploy(shop, previewed=seen)).outcome == "succeeded"
    ended = shop.ended(deploy(shop, previewed=seen))  # version 2 runs by now
    assert (ended.problem.code, len(versions(access))) == ("deployment.changed_meanwhile", 2)


def test_a_failed_deployment_ends_as_failed(shop, access):
    access.known_services[REGION, SERVICE].deployed.failures = 1
    ended = shop.ended(deploy(shop))
    assert (ended.outcome, ended.problem.code, ended.problem.params["version"]) == ("failed", "deployment.failed", 2)
    assert step(ended, StepName.WATCH_DEPLOYMENT).state == "failed"


def test_a_deployment_that_fails_at_once_is_not_taken_for_the_one_before(shop, access):
    deployed = access.known_services[REGION, SERVICE].deployed
    deployed.failures, deployed.seconds = 1, 0
    ended = shop.ended(deploy(shop))
    assert (ended.outcome, ended.problem.code, ended.problem.params["version"]) == ("failed", "deployment.failed", 2)


def test_a_failed_deployment_is_rolled_back(shop, access):
    access.known_services[REGION, SERVICE].deployed.failures = 1
    ended = shop.ended(deploy(shop, rollback=True))
    assert (ended.outcome, step(ended, StepName.ROLL_BACK).note.code) == ("failed", "rollback.done")
    assert images(access) == [f"{WEB}:1.0", f"{WEB}:2.0", f"{WEB}:1.0"]
    assert versions(access)[0].spec == RUNNING


def test_after_a_restart_too_it_is_rolled_back_to_what_ran_before(shop, access):
    access.known_repositories[REGION, WEB].images.append(an_image("3.0", digest="sha256:" + "3" * 64))
    shop.ended(deploy(shop))
    access.known_services[REGION, SERVICE].deployed.failures = 1
    shop.points.do["deployment-sent"] = lambda: asyncio.ensure_future(shop.services.running.drop())
    ended = shop.ended(deploy(shop, tag="3.0", rollback=True))
    assert step(ended, StepName.DEPLOY).note.code == "deployment.found"
    assert (ended.outcome, step(ended, StepName.ROLL_BACK).note.code) == ("failed", "rollback.done")
    assert images(access) == [f"{WEB}:2.0", f"{WEB}:3.0", f"{WEB}:2.0", f"{WEB}:1.0"]


def test_a_rollback_that_is_not_needed(shop, access):
    ended = shop.ended(deploy(shop, rollback=True))
    assert (ended.outcome, step(ended, StepName.ROLL_BACK).state) == ("succeeded", "skipped")


@pytest.mark.both_databases
def test_nothing_to_roll_back_to(shop, aws):
    inactive(aws, SERVICE)
    aws.add_repository(a_repository(WEB), policy=a_policy(), images=[an_image("2.0", digest=DIGEST)])
    aws.known_services[REGION, SERVICE].deployed.failures = 1
    ended = shop.ended(deploy(shop, rollback=True, grant=True, port=8080))
    assert (ended.outcome, step(ended, StepName.ROLL_BACK).note.code) == ("failed", "rollback.nothing")


def test_access_is_given_first(shop, aws):
    inactive(aws, SERVICE)
    aws.add_repository(a_repository(WEB), policy=a_policy(), images=[an_image("2.0", digest=DIGEST)])
    ended = shop.ended(deploy(shop, grant=True, port=8080, public=True))
    assert ended.outcome == "succeeded", ended.problem
    assert step(ended, StepName.GRANT_ACCESS).note.code == "deployment.granted"
    assert puller_arn() in str(aws.policy_of(WEB))
    assert versions(aws)[0].spec.containers == {"web": {"image": f"{HOST}/{WEB}:2.0", "ports": {"8080": "HTTP"}}}


def test_access_that_is_there_needs_no_grant(shop, access):
    ended = shop.ended(deploy(shop, grant=True))
    assert step(ended, StepName.GRANT_ACCESS).state == "skipped"


def test_a_grant_that_fails_deploys_nothing(shop, access):
    access.known_repositories[REGION, WEB].policy = a_policy()
    access.fail("ecr:SetRepositoryPolicy", Problem("policy.refused", repository=WEB, region=REGION))
    ended = shop.ended(deploy(shop, grant=True))
    assert (ended.problem.code, len(versions(access))) == ("policy.refused", 1)


@pytest.mark.parametrize("role", [active, inactive])
def test_nothing_is_deployed_that_is_certain_to_fail(shop, aws, role):
    role(aws, SERVICE)
    aws.add_repository(a_repository(WEB), policy=a_policy(), images=[an_image("2.0", digest=DIGEST)])
    deployed_before(aws, SERVICE, RUNNING)
    ended = shop.ended(deploy(shop))
    cause = "policy.not_named" if role is active else "role.inactive"
    assert (ended.problem.code, ended.problem.params["cause"]) == ("deployment.would_fail", cause)
    assert ended.problem.details[0][0] == f"cause.{cause}"
    assert len(versions(aws)) == 1


@pytest.mark.parametrize("scope, outcome", [("V2", "succeeded"), ("V1", "failed")])
def test_what_the_registry_policy_allows_is_deployed(shop, aws, scope, outcome):
    """A repository needs no policy of its own then; by the scope V1 it is not about pulls."""
    active(aws, SERVICE)
    aws.registry_policies[REGION] = a_policy([a_statement(principal={"AWS": puller_arn()}, Resource="*")])
    aws.registry_scopes[REGION] = scope
    aws.add_repository(a_repository(WEB), images=[an_image("2.0", digest=DIGEST)])
    deployed_before(aws, SERVICE, RUNNING)
    ended = shop.ended(deploy(shop))
    assert ended.outcome == outcome, ended.problem


def test_an_image_that_is_not_there(shop, access):
    ended = shop.ended(deploy(shop, tag="2.O"))
    assert (ended.problem.code, ended.problem.params["image"]) == ("image.missing", f"{WEB}:2.O")


def test_who_may_not_read_images_may_deploy_them(shop, access):
    access.denied.add("ecr:DescribeImages")
    ended = shop.ended(deploy(shop))
    assert ended.outcome == "succeeded", ended.problem
    assert step(ended, StepName.CHECK_DEPLOYMENT).note.code == "deployment.unchecked"


def test_a_disabled_service_takes_no_deployment(shop, aws):
    aws.add_service(a_service(SERVICE, state="DISABLED", is_disabled=True))
    aws.add_repository(a_repository(WEB), images=[an_image("2.0")])
    assert shop.ended(deploy(shop)).problem.code == "deployment.service_disabled"


def test_a_version_is_deployed_again(shop, access):
    shop.ended(deploy(shop))
    ended = shop.ended(shop.start(Kind.DEPLOY, SERVICE, "", version=1))
    assert ended.outcome == "succeeded", ended.problem
    assert versions(access)[0].spec == RUNNING


def test_a_cancelled_watch_leaves_the_deployment(shop, access):
    access.known_services[REGION, SERVICE].deployed.seconds = LONG
    operation = deploy(shop)
    shop.at(operation, StepName.WATCH_DEPLOYMENT)
    shop.services.starter.cancel(operation, "mika")
    assert shop.ended(operation).outcome == "cancelled"
    assert len(versions(access)) == 2


def test_a_deployment_that_another_replaced(shop, access):
    access.known_services[REGION, SERVICE].deployed.seconds = 0
    shop.points.do["deployment-sent"] = lambda: access.deployments(REGION).deploy(SERVICE, RUNNING)
    assert shop.ended(deploy(shop)).problem.code == "deployment.superseded"


def test_what_somebody_else_deployed_just_before_is_told(shop, access):
    access.known_services[REGION, SERVICE].deployed.seconds = 0
    access.meanwhile(CREATE, lambda: access.deployments(REGION).deploy(SERVICE, RUNNING))
    access.meanwhile(CREATE, lambda: None)
    noted = step(shop.ended(deploy(shop)), StepName.DEPLOY).note
    assert (noted.code, noted.params) == ("deployment.other_meanwhile", {"version": 3, "other": 2})


def test_a_failed_deployment_is_tried_again_as_it_was(shop, access):
    access.known_services[REGION, SERVICE].deployed.failures = 1
    first = deploy(shop)
    shop.ended(first)
    again = shop.services.starter.retry(first, "mika")
    assert shop.ended(again).outcome == "succeeded"
    with shop.services.db.read() as session:
        assert session.get(Operation, again).input["tag"] == "2.0"
    assert images(access) == [f"{WEB}:2.0", f"{WEB}:2.0", f"{WEB}:1.0"]


def test_what_aws_would_refuse_is_not_begun(shop, access):
    with pytest.raises(Problem, match=re.escape("deployment.bad_container")):
        deploy(shop, container="My_App")


def test_the_cause_is_found_where_the_deployment_failed(shop, access):
    """Access went away between the check and the pull."""

    def lose_access() -> None:
        access.known_repositories[REGION, WEB].policy = a_policy()

    access.known_services[REGION, SERVICE].deployed.failures = 1
    shop.points.do["deployment-sent"] = lose_access
    problem = shop.ended(deploy(shop)).problem
    assert (problem.params["cause"], problem.details[0][0]) == ("policy.not_named", "cause.policy.not_named")


@pytest.mark.parametrize("changed, counts", [((), True), (("web",), True), (("nginx",), False)])
def test_a_likely_cause_counts_of_what_changed_or_where_nothing_did(changed, counts):
    found = Found("container.exited", certainty=Certainty.LIKELY)
    diagnosis = Diagnosis(Facts(REGION, SERVICE, WEB, datetime(2026, 1, 1, tzinfo=UTC), "web"), (), (found,))
    assert root_cause([diagnosis], frozenset(changed)) == (found if counts else None)

"""What deployments tell, from the first call to the last; the accounts are in `accounts/told_deployments.md`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.errors import Problem
from app.operations.state import Kind
from tests.build import REGION, SERVICE, a_policy, a_repository, a_service, a_statement, an_image, puller_arn
from tests.fake_deployments import deployed_before
from tests.operations.deploying import CREATE, DIGEST, RUNNING, WEB
from tests.operations.telling import lost, throttled
from tests.operations.workshop import active, inactive

LIST = "lightsail:GetContainerServiceDeployments"
IMAGES = "ecr:DescribeImages"
GRANTED = a_policy([a_statement(), a_statement(sid="Ours", principal={"AWS": puller_arn()})])


@pytest.fixture
def deployed(bench):
    """The deployments of a service that runs version 1 and may pull from the repository, which holds 1.0 and 2.0."""
    active(bench.aws, SERVICE)
    images = [an_image("2.0", digest=DIGEST), an_image("1.0")]
    bench.aws.add_repository(a_repository(WEB), policy=GRANTED, images=images)
    return deployed_before(bench.aws, SERVICE, RUNNING)


def deploy(bench, **asked) -> str:
    return bench.ask(Kind.DEPLOY, SERVICE, WEB, **{"tag": "2.0", **asked})


def settles(bench, state: str) -> None:
    """AWS shows the service in this state, whatever is deployed."""
    known = bench.aws.known_services[REGION, SERVICE]
    known.shown = replace(known.shown, state=state)


def test_an_image_is_deployed(bench, deployed, tells):
    tells(deploy(bench, rollback=True))


def test_a_digest_is_pinned(bench, deployed, tells):
    tells(deploy(bench, pin=True))


def test_a_version_is_deployed_again_and_is_waited_for_as_long_as_the_service_is_busy(bench, deployed, tells):
    bench.aws.deployments(REGION).deploy(SERVICE, RUNNING)
    tells(bench.ask(Kind.DEPLOY, SERVICE, version=1))


def test_access_is_given_first(bench, tells):
    inactive(bench.aws, SERVICE)
    bench.aws.add_repository(a_repository(WEB), policy=a_policy(), images=[an_image("2.0", digest=DIGEST)])
    tells(deploy(bench, grant=True, port=8080, public=True))


def test_access_was_there(bench, deployed, tells):
    tells(deploy(bench, grant=True))


def test_a_failed_deployment_is_rolled_back(bench, deployed, tells):
    deployed.failures = 1
    tells(deploy(bench, rollback=True))


def test_a_rollback_that_fails_too(bench, deployed, tells):
    deployed.failures = 2
    tells(deploy(bench, rollback=True))


def test_a_failed_deployment_with_a_cause(bench, deployed, tells):
    deployed.failures = 1
    bench.points["deployment-sent"] = lambda: bench.aws.known_repositories.pop((REGION, WEB))
    tells(deploy(bench))


def test_a_failure_whose_cause_may_not_be_looked_for(bench, deployed, tells):
    deployed.failures = 1
    bench.points["deployment-sent"] = lambda: bench.aws.denied.update({"lightsail:GetContainerServices"})
    bench.aws.denied |= {"ecr:DescribeImages"}
    tells(deploy(bench))


def test_a_failed_deployment_with_nothing_to_roll_back_to(bench, tells):
    active(bench.aws, SERVICE)
    bench.aws.add_repository(a_repository(WEB), policy=GRANTED, images=[an_image("2.0")])
    bench.aws.known_services[REGION, SERVICE].deployed.failures = 1
    tells(deploy(bench, rollback=True, port=8080))


@pytest.mark.parametrize("carried_out", [True, False])
def test_the_answer_is_lost(bench, deployed, tells, carried_out):
    if carried_out:
        bench.aws.lose_answer(CREATE)
    else:
        bench.aws.fail(CREATE, lost(CREATE))
    tells(deploy(bench))


@pytest.mark.parametrize("point", ["deployment-planned", "deployment-sent"])
def test_the_process_is_killed(bench, deployed, tells, point):
    bench.kill_at(point)
    operation = deploy(bench)
    bench.play(operation)
    tells(operation)


def test_killed_after_a_version_that_ran_before_and_rolled_back_to_it(bench, deployed, tells):
    bench.play(deploy(bench, container="web"))
    bench.account.take()
    deployed.failures = 1
    bench.kill_at("deployment-sent")
    operation = deploy(bench, tag="2.0", rollback=True)
    bench.play(operation)
    tells(operation)


def test_killed_and_somebody_else_deploys_meanwhile(bench, deployed, tells):
    bench.kill_at("deployment-planned")
    operation = deploy(bench)
    bench.play(operation)
    bench.aws.deployments(REGION).deploy(SERVICE, RUNNING)
    tells(operation)


def test_aws_throttles_for_a_while(bench, deployed, tells):
    bench.aws.fail(CREATE, throttled(CREATE), times=6)
    bench.aws.fail(LIST, throttled(LIST), times=2)
    tells(deploy(bench))


def test_aws_throttles_for_ten_minutes(bench, deployed, tells):
    bench.aws.fail(CREATE, throttled(CREATE), times=1_000)
    tells(deploy(bench), folded=True)


def test_aws_refuses_it(bench, deployed, tells):
    bench.aws.fail(CREATE, Problem("service.refused", service=SERVICE, region=REGION, reason="not like this"))
    tells(deploy(bench))


def test_aws_refuses_it_because_the_service_is_busy(bench, deployed, tells):
    bench.points["deployment-planned"] = lambda: (
        bench.aws.deployments(REGION).deploy(SERVICE, RUNNING),
        bench.aws.fail(CREATE, Problem("service.refused", service=SERVICE, region=REGION, reason="busy")),
    )
    tells(deploy(bench))


def test_aws_refuses_it_because_the_service_was_disabled(bench, deployed, tells):
    def disable():
        known = bench.aws.known_services[REGION, SERVICE]
        known.shown = replace(known.shown, is_disabled=True)

    bench.aws.fail(CREATE, Problem("service.refused", service=SERVICE, region=REGION, reason="no"))
    bench.points["deployment-planned"] = disable
    tells(deploy(bench))


def test_the_service_never_settles(bench, deployed, tells):
    deployed.seconds = 10_000
    bench.aws.deployments(REGION).deploy(SERVICE, RUNNING)
    tells(deploy(bench))


def test_aws_calls_it_busy_and_shows_it_as_settled(bench, deployed, tells):
    busy = Problem("service.busy", retryable=True, service=SERVICE, region=REGION, state="RUNNING")
    bench.aws.fail(CREATE, busy, times=1_000)
    tells(deploy(bench), folded=True)


def test_the_deployment_never_ends(bench, deployed, tells):
    deployed.seconds = 10_000
    tells(deploy(bench))


def test_another_replaces_it(bench, deployed, tells):
    deployed.seconds = 0
    bench.points["deployment-sent"] = lambda: bench.aws.deployments(REGION).deploy(SERVICE, RUNNING)
    tells(deploy(bench))


def test_somebody_else_deploys_just_before(bench, deployed, tells):
    deployed.seconds = 0
    bench.aws.meanwhile(CREATE, lambda: bench.aws.deployments(REGION).deploy(SERVICE, RUNNING))
    bench.aws.meanwhile(CREATE, lambda: None)
    tells(deploy(bench))


def test_it_fails_at_once(bench, deployed, tells):
    deployed.failures, deployed.seconds = 1, 0
    tells(deploy(bench))


def test_it_fails_at_once_and_somebody_else_deploys(bench, deployed, tells):
    def deploy_theirs():
        deployed.seconds = 30
        bench.aws.deployments(REGION).deploy(SERVICE, RUNNING)

    deployed.failures, deployed.seconds = 1, 0
    bench.points["deployment-sent"] = deploy_theirs
    tells(deploy(bench))


def test_the_service_does_not_show_what_the_list_of_versions_does(bench, deployed, tells):
    deployed.shown_in = lambda service, now: service
    tells(deploy(bench), folded=True)


def test_the_list_of_versions_shows_for_ten_minutes_what_the_service_does_not(bench, deployed, tells):
    deployed.seconds = 10_000
    deployed.shown_in = lambda service, now: service
    bench.aws.deployments(REGION).deploy(SERVICE, RUNNING)
    tells(deploy(bench), folded=True)


def test_the_preview_no_longer_holds(bench, deployed, tells):
    tells(deploy(bench, previewed="of something else"))


@pytest.mark.parametrize("policy", [None, a_policy()])
def test_access_is_missing(bench, deployed, tells, policy):
    bench.aws.add_repository(a_repository(WEB), policy=policy, images=[an_image("2.0")])
    tells(deploy(bench))


def test_the_role_is_off(bench, deployed, tells):
    known = bench.aws.known_services[REGION, SERVICE]
    known.shown = a_service(SERVICE)
    tells(deploy(bench))


@pytest.mark.parametrize("asked", [{"tag": "3.0"}, {"tag": "", "digest": "sha256:" + "3" * 64}, {"tag": ""}])
def test_the_image_is_missing(bench, deployed, tells, asked):
    tells(deploy(bench, **asked))


@pytest.mark.parametrize(
    "changed", [{"status": "ARCHIVED"}, {"artifact_type": "application/vnd.cncf.helm.config.v1+json"}]
)
def test_the_image_cannot_run(bench, deployed, tells, changed):
    images = bench.aws.known_repositories[REGION, WEB].images
    images[:] = [replace(images[0], **changed)]
    tells(deploy(bench))


@pytest.mark.parametrize("asked", [{}, {"pin": True}])
def test_images_may_not_be_read(bench, deployed, tells, asked):
    bench.aws.denied.add(IMAGES)
    tells(deploy(bench, **asked))


def test_policies_may_not_be_read(bench, deployed, tells):
    bench.aws.denied |= {"ecr:GetRepositoryPolicy", "ecr:GetRegistryPolicy"}
    tells(deploy(bench))


@pytest.mark.parametrize("disabled", [{"state": "DISABLED"}, {"is_disabled": True}])
def test_the_service_is_disabled(bench, deployed, tells, disabled):
    known = bench.aws.known_services[REGION, SERVICE]
    known.shown = replace(known.shown, **disabled)
    tells(deploy(bench))


def test_it_is_cancelled_while_it_is_watched(bench, deployed, tells):
    operation = deploy(bench, rollback=True)
    bench.points["deployment-sent"] = lambda: bench.starter.cancel(operation, "ken")
    tells(operation)


def test_it_is_cancelled_before_it_is_sent(bench, deployed, tells):
    operation = deploy(bench)
    bench.aws.meanwhile(LIST, lambda: bench.starter.cancel(operation, "ken"))
    tells(operation)


def test_it_is_cancelled_while_access_is_given(bench, tells):
    inactive(bench.aws, SERVICE)
    bench.aws.add_repository(a_repository(WEB), policy=a_policy(), images=[an_image("2.0")])
    operation = deploy(bench, grant=True, port=8080)
    bench.points["role-switched"] = lambda: bench.starter.cancel(operation, "ken")
    tells(operation)

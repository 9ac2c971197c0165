"""What a diagnosis costs and needs: calls, rounds, permissions, time; and what it never shows or does."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from app.aws.call_pool import AwsCalls
from app.aws.ports import Answered, Container, Deployment
from app.diagnosis.check_result import Certainty, Check, Sentence, Status
from app.diagnosis.checks.uri import check_uri
from app.diagnosis.facts import Known
from app.diagnosis.report import report
from app.diagnosis.run import Pool, diagnose_in_pool, diagnose_with_threads, side_by_side
from app.errors import Problem
from app.policy.permissions import PermissionScope, why_policy
from tests.diagnosis.corpus import CASES
from tests.diagnosis.corpus.case import OTHER_ACCOUNT
from tests.diagnosis.corpus.programs import run
from tests.diagnosis.world import HOST, PULL, REGION, REPOSITORY, SERVICE, WEB
from tests.sandbox_server import ACCOUNT

CANARY = "s3cr3t-canary-value"


def line(diagnosis, check):
    return next(each for each in diagnosis.lines if each.check is check)


def actions(calls):
    return {f"{call.service}:{call.operation}" for call in calls}


def allowed():
    return {action for statement in why_policy(PermissionScope("*"))["Statement"] for action in statement["Action"]}


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.code[:5] in ("image", "platf", "repos")], ids=lambda case: case.name
)
def test_only_actions_of_the_published_policy_are_called(world, case):
    case.build(world)
    world.why(**case.asked)
    assert actions(world.calls) <= allowed()


def test_a_diagnosis_with_everything_in_it_keeps_to_its_bounds(world):
    world.build()
    containers = {name: {"image": f"{HOST}/{REPOSITORY}:1.9"} for name in ("one", "two", "three", "four")}
    world.lightsail.create_container_service_deployment(serviceName=SERVICE, containers=containers)
    world.sandbox.advance(61)
    assert world.why(platform=True).root.code == "image.tag_not_found"
    assert (len(world.calls) <= 15, world.rounds <= 3) == (True, True)


def test_what_is_read_does_not_grow_with_what_there_is(world):
    world.build()
    world.deploy()
    world.why()
    few = len(world.calls)
    for number in range(30):
        world.ecr.create_repository(repositoryName=f"many/{number}")
        world.push([f"2.{number}"])
    world.why()
    assert len(world.calls) == few


def test_the_calls_of_a_round_are_made_side_by_side():
    together = threading.Barrier(6)

    def call():
        together.wait(30)  # breaks unless all six are under way at once
        return Answered("done", "")

    results = side_by_side({(0, str(number)): (REGION, call) for number in range(6)}, time.monotonic() + 60)
    assert set(results.values()) == {Known("done")}


def test_what_does_not_come_back_in_time_is_unknown(world):
    world.build()
    world.sandbox.fault(action="ecr:GetRepositoryPolicy", kind="latency", seconds=20, times=1)
    started = time.monotonic()
    (diagnosis,) = diagnose_with_threads(world.ask(WEB), world.aws, world.now(), seconds=2.0)
    assert time.monotonic() - started < 15
    assert (diagnosis.causes, diagnosis.undetermined) == ((), True)
    assert line(diagnosis, Check.POLICY).status is Status.NOT_CHECKED


@pytest.mark.parametrize(
    "action, check",
    [
        ("ecr:GetRepositoryPolicy", Check.POLICY),
        ("ecr:GetRegistryPolicy", Check.REGISTRY),
        ("ecr:DescribeImages", Check.IMAGE),
        ("lightsail:GetContainerServices", Check.SERVICE),
        ("lightsail:GetContainerServiceDeployments", Check.CONTAINER),
    ],
)
def test_a_missing_permission_is_named_and_nothing_is_blamed_for_it(world, action, check):
    world.build()
    world.sandbox.fault(action=action, kind="access_denied", times=50)
    diagnosis = world.why(WEB)
    assert diagnosis.causes == ()
    refused = line(diagnosis, check)
    assert (refused.status, refused.permission) == (Status.NOT_CHECKED, action)
    assert diagnosis.undetermined is True


def test_an_image_stored_in_lightsail_is_looked_up(world):
    world.build()
    for _ in range(2):
        world.sandbox.store_image("shop", "web")
    for image in (":shop.web.1", ":shop.web.2", ":shop.web.latest"):
        assert line(world.why(image), Check.IMAGE).status is Status.FINE
    missing = world.why(":shop.web.3")
    assert missing.root.params["suggested"] == ":shop.web.2"
    assert ":shop.web.2, :shop.web.1" in str(missing.root.evidence)


def test_a_stored_image_that_must_not_be_looked_up_is_not_said_to_be_there(world):
    world.build()
    world.sandbox.store_image("shop", "web")
    world.sandbox.fault(action="lightsail:GetContainerImages", kind="access_denied", times=50)
    diagnosis = world.why(":shop.web.1")
    assert (diagnosis.causes, diagnosis.undetermined) == ((), True)
    assert line(diagnosis, Check.IMAGE).permission == "lightsail:GetContainerImages"


@pytest.mark.parametrize("action", ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"])
def test_a_platform_that_was_asked_for_and_must_not_be_read_stays_open(world, action):
    world.build()
    world.push(["arm"], platforms=["linux/arm64"])
    world.sandbox.fault(action=action, kind="access_denied", times=50)
    diagnosis = world.why(WEB.replace("1.4", "arm"), platform=True)
    assert (diagnosis.causes, diagnosis.undetermined) == ((), True)
    assert line(diagnosis, Check.PLATFORM).permission == action


def test_a_scope_that_must_not_be_read_is_named_beside_the_deny_that_depends_on_it(world):
    world.build()
    world.registry(world.deny(Resource="*", Action=PULL))
    world.sandbox.fault(action="ecr:GetAccountSetting", kind="access_denied", times=50)
    diagnosis = world.why(WEB)
    assert diagnosis.root.code == "registry.conditional"
    assert diagnosis.root.evidence[-1] == Sentence("not_checked.permission", {"permission": "ecr:GetAccountSetting"})
    assert line(diagnosis, Check.REGISTRY).permission == "ecr:GetAccountSetting"


@pytest.mark.parametrize("name, code", [("shop/webb", "repository.not_found"), (REPOSITORY, None)])
def test_a_misspelt_repository_is_found_by_who_may_read_only_the_right_one(world, name, code):
    """IAM refuses by name, whether there is such a repository or not."""
    world.build()
    for action in ("ecr:GetRepositoryPolicy", "ecr:DescribeImages"):
        world.sandbox.fault(action=action, kind="access_denied", times=50)
    diagnosis = world.why(f"{HOST}/{name}:1.4")
    assert (diagnosis.root and diagnosis.root.code, diagnosis.undetermined) == (code, code is None)


def test_a_log_that_must_not_be_read_leaves_the_failure_open(world):
    world.build()
    world.sandbox.add_behavior(exit_code=1)
    world.deploy()
    world.sandbox.fault(action="lightsail:GetContainerLog", kind="access_denied", times=50)
    diagnosis = world.why()
    assert diagnosis.causes == ()
    assert line(diagnosis, Check.CONTAINER).permission == "lightsail:GetContainerLog"


def test_deployments_that_must_not_be_listed_are_those_of_the_service(world):
    world.build(granted=False)
    world.deploy("nginx:1.27")
    world.sandbox.fault(action="lightsail:GetContainerServiceDeployments", kind="access_denied", times=50)
    assert world.why().facts.image == "nginx:1.27"


@pytest.mark.parametrize("why", ["identity-based", "service control", "resource control"])
def test_no_permission_is_said_to_be_missing_that_is_explicitly_denied(world, why):
    world.build()
    action = "ecr:GetRepositoryPolicy"
    message = f"User: … is not authorized to perform: {action} on resource: … with an explicit deny in a {why} policy"
    world.sandbox.fault(action=action, kind="error", code="AccessDeniedException", message=message)
    policy = line(world.why(WEB), Check.POLICY)
    assert (policy.said.code, policy.permission) == ("not_checked.overruled", action)


def test_a_newer_deployment_may_have_failed_where_they_must_not_be_listed(world):
    world.build()
    world.deploy()
    world.deploy(f"{HOST}/{REPOSITORY}:9.9")
    world.sandbox.fault(action="lightsail:GetContainerServiceDeployments", kind="access_denied", times=50)
    for image in ("", WEB, f"{HOST}/{REPOSITORY}:1.3"):
        diagnosis = world.why(image)
        assert (diagnosis.causes, diagnosis.undetermined) == ((), True)
        assert line(diagnosis, Check.CONTAINER).permission == "lightsail:GetContainerServiceDeployments"


def test_no_organization_is_named_for_a_pull_whose_manifest_must_not_be_read(world):
    world.build()
    world.push(["arm"], platforms=["linux/arm64", "linux/arm/v7"])
    world.deploy(f"{HOST}/{REPOSITORY}:arm")
    world.sandbox.fault(action="ecr:BatchGetImage", kind="access_denied", times=50)
    diagnosis = world.why()
    assert (diagnosis.causes, diagnosis.undetermined) == ((), True)
    assert line(diagnosis, Check.PLATFORM).permission == "ecr:BatchGetImage"


def test_an_archived_images_manifest_is_not_said_to_be_unreadable(world):
    world.build()
    world.archive(imageTag="1.4")
    diagnosis = world.why(WEB, platform=True)
    assert diagnosis.root.code == "image.archived"
    assert line(diagnosis, Check.PLATFORM).status is Status.NOT_REACHED


def test_without_credentials_nothing_is_said_but_that(world):
    world.build()
    world.sandbox.fault(action="*", kind="expired_token", times=100)
    with pytest.raises(Problem) as raised:
        world.why(WEB)
    assert raised.value.code in ("aws.expired_token", "aws.bad_credentials")


def test_throttling_is_no_cause(world):
    world.build()
    world.sandbox.fault(action="*", kind="throttle", times=200)
    aws = world.connect(retry_mode="standard")
    diagnosis = world.why(WEB, aws=aws)
    assert (diagnosis.causes, diagnosis.undetermined) == ((), True)


def test_a_manifest_is_read_only_when_asked_for_or_after_a_failed_pull(world):
    world.build(granted=False)
    world.deploy()
    world.why(WEB)
    assert "ecr:BatchGetImage" not in actions(world.calls)
    world.grant()
    world.why(WEB)
    assert "ecr:BatchGetImage" in actions(world.calls)


def test_reading_a_manifest_is_said(world):
    world.build()
    told = report([world.why(WEB, platform=True)])
    assert ("records this as a pull" in told["note"], report([world.why(WEB)])["note"]) == (True, "")


def test_nothing_is_changed(world):
    world.build(granted=False)
    world.deploy()
    world.why(platform=True)
    assert not {
        action
        for action in actions(world.calls)
        if not action.partition(":")[2].startswith(("Get", "Describe", "BatchGet"))
    }


def test_values_of_variables_are_nowhere(world):
    world.build()
    world.sandbox.add_behavior(exit_code=1, lines=["booting", f"fatal: cannot log in with {CANARY}"])
    world.deploy(environment={"PASSWORD": CANARY, "NAME": "x"})
    diagnosis = world.why()
    assert diagnosis.root.code == "container.exited"
    assert CANARY not in repr(diagnosis) + repr(report([diagnosis]))


def test_a_variable_port_of_thousands_of_digits_is_another_port(world):
    world.build()
    world.deploy(endpoint={}, environment={"PORT": "9" * 5_000})
    assert world.why().facts.port_variable


def test_other_containers_are_told_too(world):
    world.build()
    containers = {"app": {"image": WEB}, "proxy": {"image": f"{HOST}/payments/api:3.12.0"}}
    world.lightsail.create_container_service_deployment(serviceName=SERVICE, containers=containers)
    world.sandbox.advance(61)
    told = report(world.every())
    assert (told["container"], told["causes"][0]["code"]) == ("proxy", "policy.missing")
    assert told["other_containers"] == [{"container": "app", "image": WEB, "cause": None}]
    assert report(world.every(container="app"))["container"] == "app"


def test_the_servers_pool_comes_to_the_same(world):
    world.build(granted=False)
    world.deploy()
    calls = AwsCalls()
    try:
        (diagnosis,) = asyncio.run(
            diagnose_in_pool(world.ask(), world.aws, Pool(calls, asyncio.to_thread), world.now())
        )
    finally:
        calls.close()
    assert [cause.code for cause in diagnosis.causes] == [cause.code for cause in world.why().causes]


def test_a_pool_that_does_not_answer_ends_in_time(world):
    world.build()

    class Slow:
        async def run(self, region, call):
            await asyncio.sleep(60)

    pool = Pool(Slow(), asyncio.to_thread)
    (diagnosis,) = asyncio.run(diagnose_in_pool(world.ask(WEB), world.aws, pool, world.now(), seconds=0.05))
    assert diagnosis.undetermined is True


@pytest.mark.parametrize("minutes, code", [(1, "deployment.outdated"), (-10, "organization.denied")])
def test_a_failure_before_access_was_given_blames_nobody(world, minutes, code):
    world.build(granted=False)
    world.deploy()
    world.grant()
    given = world.now() - timedelta(seconds=61) + timedelta(minutes=minutes)
    assert world.why(access_given={REPOSITORY: given}).root.code == code


def test_access_that_was_given_later_hides_no_other_cause(world):
    world.build(granted=False)
    world.push(["1.5"], platforms=["linux/arm64", "windows/amd64"])
    world.sandbox.advance(1)
    world.deploy(WEB.replace("1.4", "1.5"))
    world.grant()
    assert world.why(access_given={REPOSITORY: world.now()}).root.code == "platform.index"


def test_our_registry_policy_says_nothing_about_another_accounts_repository(world):
    """Its own can't be read from here; nor is the URI one of this account."""
    world.build()
    statements = [
        world.allow(),
        world.allow(f"arn:aws:iam::{ACCOUNT}:root", ["ecr:GetRepositoryPolicy", "ecr:DescribeImages"], sid="Read"),
    ]
    world.sandbox.client("ecr", account=OTHER_ACCOUNT).set_repository_policy(
        repositoryName="staging/web", policyText=json.dumps({"Version": "2012-10-17", "Statement": statements})
    )
    world.registry(world.deny(Action=["ecr:BatchGetImage"], Resource="*"))
    diagnosis = world.why(f"{OTHER_ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/staging/web:0.2.0")
    assert (diagnosis.causes, diagnosis.undetermined) == ((), True)
    assert line(diagnosis, Check.REGISTRY).said == Sentence("not_checked.other_registry", {"account": OTHER_ACCOUNT})
    assert line(diagnosis, Check.URI).said == Sentence("fine.uri_account", {"account": OTHER_ACCOUNT})


def test_an_address_with_a_scheme_at_another_registry_is_not_moved_to_ecr(world):
    world.build()
    assert world.why("https://ghcr.io/mika/nothing-here:1").root.params["suggested"] == "ghcr.io/mika/nothing-here:1"


def test_a_role_of_another_region_is_no_sign_that_this_one_was_active(world):
    world.build()
    world.policy(world.allow(world.arn.replace(f"/{REGION}/", "/ap-northeast-1/")))
    world.switch_role(on=False)
    assert [said.code for said in world.why(WEB).root.evidence] == ["evidence.role_inactive"]


def test_a_host_that_lightsail_may_take_is_not_blamed_for_sure_nor_once_it_ran(world):
    """Whether Lightsail pulls by these hosts isn't published."""
    world.build()
    for host in (f"{ACCOUNT}.dkr-ecr.{REGION}.on.aws", HOST.upper(), HOST.replace(".ecr.", ".ecr-fips.")):
        image = WEB.replace(HOST, host)
        assert world.why(image).root.certainty is Certainty.LIKELY
        deployment = Deployment(1, "ACTIVE", world.now(), (Container("app", image),))
        facts = replace(world.why(image).facts, deployment=deployment)
        assert check_uri(facts).causes == ()


def test_the_last_words_of_a_long_log_are_found(world):
    """AWS returns a log page by page, from its start."""
    world.build()
    noise = [f"loading {first}{second}" for first in "abcdefghijklmno" for second in "pqrstuvwxyz"]
    last_words = [*noise, "fatal: DATABASE_URL is not set"]
    world.sandbox.add_behavior(lines=last_words, listens=[])
    world.deploy(endpoint={}, environment={"SECRET": CANARY})
    diagnosis = world.why()
    assert (diagnosis.root.code, diagnosis.root.params["detail"]) == ("container.missing_variable", "DATABASE_URL")
    assert (len(world.calls) <= 15, world.rounds <= 3) == (True, True)


@pytest.mark.parametrize("said, code", [("localhost:80", "health.localhost"), ("0.0.0.0:81", "health.port")])
def test_where_a_program_says_that_it_listens_proves_nothing(world, said, code):
    """Many print `localhost` and listen on every address, or log only one of their ports."""
    run(world, 80, "/", "200-399", {}, lines=[f"listening on http://{said}"], listens=[])
    root = world.why().root
    assert (root.code, root.certainty) == (code, Certainty.LIKELY)

"""The sandbox's initial data."""

from __future__ import annotations

from app.sandbox.deployments import begin_deployment
from app.sandbox.options import SandboxOptions
from app.sandbox.policy_read import rendered
from app.sandbox.policy_text import accept
from app.sandbox.server import create_sandbox
from app.sandbox.service_state import describe
from tests.sandbox.stopped_clock import StoppedClock

ACCOUNT = "123456789012"


def a_world(**options):
    return create_sandbox(SandboxOptions(**options), StoppedClock()).parts.world


def services(world):
    return [
        describe(service, world.clock.now())
        for (account, _), home in world.homes.items()
        if account == ACCOUNT
        for service in home.services.values()
    ]


def repositories(world):
    return {
        name: each
        for (account, _), home in world.homes.items()
        if account == ACCOUNT
        for name, each in home.repositories.items()
    }


def text(world, name):
    policy = repositories(world)[name].policy
    return rendered(policy.document) if policy else ""


def test_the_demo_has_services_of_every_kind_in_two_regions():
    found = {each["containerServiceName"]: each["state"] for each in services(a_world())}
    assert len(found) >= 5
    assert {"RUNNING", "DEPLOYING", "DISABLED"} <= set(found.values())
    assert {each["location"]["regionName"] for each in services(a_world())} == {"us-east-1", "ap-northeast-1"}


def test_the_demo_has_seventeen_repositories_all_with_images():
    found = repositories(a_world())
    assert len(found) == 17
    assert all(each.images for each in found.values())


def test_the_demos_policies_are_as_varied_as_real_ones():
    world = a_world()
    wrong = world.home(ACCOUNT, "us-east-1").services["reporting"].role_arn
    assert text(world, "payments/api") == ""
    assert "lambda.amazonaws.com" in text(world, "storefront/nginx-sidecar")
    assert "arn:aws:iam::210987654321:root" in text(world, "shared/base-python")
    assert '"Deny"' in text(world, "payments/ledger")
    assert '"AROA' in text(world, "payments/worker")
    assert wrong in text(world, "analytics/reports")


def test_ecr_would_have_taken_every_policy_of_the_demo_but_those_with_missing_principals():
    world = a_world()
    for name, repository in repositories(world).items():
        if repository.policy and name not in {"payments/worker", "tokyo/partners"}:
            accept(rendered(repository.policy.document), world.principals, world.clock.now())


def test_the_demo_shows_what_else_keeps_an_image_from_running():
    world = a_world()
    tokyo = world.home(ACCOUNT, "ap-northeast-1")
    failures = {
        f"{service.name}: {deployment.failure}: {deployment.cause}"
        for home in world.homes.values()
        for service in home.services.values()
        for deployment in service.deployments
        if deployment.failure
    }
    assert failures == {
        "reporting: Canceled: app: policy",
        "tokyo-api: Canceled: api: image",
        "legacy-blog: Took too long: blog: health_check_path",
    }
    assert tokyo.registry.policy.document["Statement"][1]["Resource"].endswith("repository/tokyo/legacy")
    assert [image.status for image in tokyo.repositories["tokyo/api"].images[:2]] == ["ARCHIVED", "ACTIVE"]
    assert "ecr:PutImage" in text(world, "tokyo/inbox")
    assert "arn:aws:iam::998877665544:root" in text(world, "tokyo/partners")


def test_the_failures_of_the_demo_fail_again_when_they_are_played():
    world = a_world(deployment_seconds=0, patience_seconds=0)
    for name, region, cause in (
        ("reporting", "us-east-1", "app: policy"),
        ("tokyo-api", "ap-northeast-1", "api: image"),
    ):
        service = world.home(ACCOUNT, region).services[name]
        request = {"containers": service.deployments[-1].containers}
        begin_deployment(world, service, request, world.clock.now(), world.clock.now())
        assert service.deployments[-1].cause == cause


def test_the_demo_is_the_same_in_every_run():
    assert services(a_world()) == services(a_world())
    assert repositories(a_world()) == repositories(a_world())


def test_a_large_data_set_has_as_many_as_asked():
    world = a_world(seed="large", repositories=3_000, services=12)
    home = world.home(ACCOUNT, "us-east-1")
    with_policy = sum(each.policy is not None for each in home.repositories.values())
    assert (len(home.repositories), len(home.services), with_policy) == (3_000, 12, 2_000)


def test_an_empty_one_has_nothing():
    assert a_world(seed="empty").homes == {}

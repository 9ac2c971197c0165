"""The contract of the ports: run against the fakes, and against the adapters on the sandbox."""

from __future__ import annotations

import json

import pytest

from app.errors import Problem
from tests.aws.conftest import ACTIVATION
from tests.build import REGION, a_policy, a_statement

FOREIGN = a_policy([a_statement()])


def problem_of(call, *args, **kwargs) -> Problem:
    with pytest.raises(Problem) as raised:
        call(*args, **kwargs)
    return raised.value


def activated(world, services, name="shop") -> str:
    services.set_role_active(name, active=True)
    world.pass_time(ACTIVATION)
    return services.get_service(name).value.role.principal_arn


def test_services_come_by_name(world, services):
    for name in ("shop", "blog"):
        world.has_service(name)
    answered = services.list_services()
    assert [service.name for service in answered.value] == ["blog", "shop"]
    assert answered.request_id


def test_a_service_tells_its_account_and_region(world, services):
    world.has_service("shop")
    service = services.get_service("shop").value
    assert (service.account, service.region) == (world.account, REGION)
    assert service.general_principal_arn


def test_a_role_that_was_never_activated_has_no_principal(world, services):
    world.has_service("shop")
    role = services.get_service("shop").value.role
    assert (role.is_active, role.principal_arn, role.ready) == (False, "", False)


def test_a_missing_service_is_not_found(services):
    problem = problem_of(services.get_service, "nobody")
    assert problem.code == "service.not_found"
    assert problem.params["service"] == "nobody"


@pytest.mark.parametrize("active", [True, False])
def test_the_role_of_a_missing_service_cannot_be_switched(services, active):
    assert problem_of(services.set_role_active, "nobody", active=active).code == "service.not_found"


def test_an_activated_role_gets_its_principal_later(world, services):
    world.has_service("shop")
    at_once = services.set_role_active("shop", active=True).value
    world.pass_time(ACTIVATION)
    assert at_once.role.is_active
    assert (at_once.role.ready, services.get_service("shop").value.role.ready) == (False, True)


def test_the_puller_is_not_the_services_own_principal(world, services):
    world.has_service("shop")
    arn = activated(world, services)
    assert ":role/amazon/lightsail/" in arn
    assert arn != services.get_service("shop").value.general_principal_arn


def test_a_service_that_changes_takes_no_change(world, services):
    world.has_service("shop")
    services.set_role_active("shop", active=True)
    problem = problem_of(services.set_role_active, "shop", active=False)
    assert (problem.code, problem.retryable, problem.params["state"]) == ("service.busy", True, "UPDATING")


def test_a_deactivated_role_loses_its_principal(world, services):
    world.has_service("shop")
    activated(world, services)
    services.set_role_active("shop", active=False)
    world.pass_time(ACTIVATION)
    role = services.get_service("shop").value.role
    assert (role.is_active, role.principal_arn) == (False, "")


def test_a_role_activated_again_has_another_principal(world, services):
    world.has_service("shop")
    first = activated(world, services)
    services.set_role_active("shop", active=False)
    world.pass_time(ACTIVATION)
    assert activated(world, services) != first


def test_deployments_come_newest_first(world, services):
    world.has_service("shop", deployments=2)
    deployments = services.list_deployments("shop").value
    assert [deployment.version for deployment in deployments] == [2, 1]
    assert deployments[0].containers[0].image == "nginx:1.27"


def test_the_deployments_of_a_missing_service_are_not_found(services):
    assert problem_of(services.list_deployments, "nobody").code == "service.not_found"


def test_repositories_come_by_name(world, repositories):
    for name in ("web", "api/v2"):
        world.has_repository(name)
    listed = repositories.list_repositories().value
    assert [repository.name for repository in listed] == ["api/v2", "web"]
    assert listed[0] == repositories.get_repository("api/v2").value


def test_a_repository_tells_its_uri(world, repositories):
    world.has_repository("web")
    repository = repositories.get_repository("web").value
    assert repository.uri == f"{world.account}.dkr.ecr.{REGION}.amazonaws.com/web"
    assert repository.registry_id == world.account


@pytest.mark.parametrize("method", ["get_repository", "get_policy", "delete_policy"])
def test_a_missing_repository_is_not_found(repositories, method):
    problem = problem_of(getattr(repositories, method), "nobody/nothing")
    assert (problem.code, problem.params["repository"]) == ("repository.not_found", "nobody/nothing")


def test_the_policy_of_a_missing_repository_cannot_be_set(repositories):
    assert problem_of(repositories.set_policy, "nobody/nothing", FOREIGN).code == "repository.not_found"


def test_a_repository_without_policy_says_none(world, repositories):
    world.has_repository("web")
    assert repositories.get_policy("web").value is None
    assert repositories.delete_policy("web").value is None


def test_a_policy_reads_back_as_it_was_meant(world, repositories):
    world.has_repository("web")
    repositories.set_policy("web", FOREIGN)
    text = repositories.get_policy("web").value
    assert json.loads(text) == json.loads(FOREIGN)
    assert text != FOREIGN


def test_a_deleted_policy_is_handed_back(world, repositories):
    world.has_repository("web")
    repositories.set_policy("web", FOREIGN)
    deleted = repositories.delete_policy("web").value
    assert json.loads(deleted) == json.loads(FOREIGN)
    assert repositories.get_policy("web").value is None


@pytest.mark.parametrize("text", ["no policy", "[]", "{}"])
def test_what_is_no_policy_is_refused(world, repositories, text):
    world.has_repository("web")
    assert problem_of(repositories.set_policy, "web", text).code == "policy.refused"
    assert repositories.get_policy("web").value is None


def test_a_policy_above_the_limit_is_refused_with_the_numbers(world, repositories):
    world.has_repository("web")
    text = a_policy([a_statement(sid="x" * 10_240)])
    problem = problem_of(repositories.set_policy, "web", text)
    assert problem.code == "policy.too_long"
    assert problem.params["characters"] - problem.params["over"] == problem.params["limit"] == 10_240


def test_a_fresh_principal_is_refused_for_a_while(world, services, repositories):
    world.has_service("shop")
    world.has_repository("web")
    policy = a_policy([a_statement(principal={"AWS": activated(world, services)})])
    problem = problem_of(repositories.set_policy, "web", policy)
    world.pass_time(ACTIVATION)
    assert (problem.code, problem.retryable) == ("policy.principal_not_found", True)
    assert json.loads(repositories.set_policy("web", policy).value) == json.loads(policy)


def test_a_principal_that_died_is_refused(world, services, repositories):
    world.has_service("shop")
    world.has_repository("web")
    policy = a_policy([a_statement(principal={"AWS": activated(world, services)})])
    services.set_role_active("shop", active=False)
    world.pass_time(2 * ACTIVATION)
    assert problem_of(repositories.set_policy, "web", policy).code == "policy.principal_not_found"


def test_images_of_a_missing_repository_are_not_found(world):
    problem = problem_of(world.aws.pull_reads(REGION).images_page, "", "nobody/nothing")
    assert (problem.code, problem.params["repository"]) == ("repository.not_found", "nobody/nothing")


def test_images_tell_their_tags_and_when_they_were_pushed(world):
    world.has_repository("web", tags=("old", "newer", "newest"))
    page = world.aws.pull_reads(REGION).images_page("", "web").value
    by_age = sorted(page.images, key=lambda image: image.pushed_at)
    assert ([image.tags for image in by_age], page.next) == ([("old",), ("newer",), ("newest",)], "")


def test_aws_says_who_we_are(world):
    caller = world.aws.identity().caller().value
    assert caller.account == world.account
    assert caller.arn.startswith(f"arn:aws:iam::{world.account}:")


@pytest.mark.parametrize("action", ["lightsail:UpdateContainerService", "ecr:SetRepositoryPolicy"])
def test_a_change_that_is_allowed_is_found_so_and_changes_nothing(world, repositories, action):
    world.has_service("shop")
    world.has_repository("web")
    assert world.aws.probe(action, REGION).allowed is True
    assert repositories.get_policy("web").value is None


def test_whether_a_real_policy_may_be_deleted_is_left_open(world):
    world.has_repository("web")
    assert world.aws.probe("ecr:DeleteRepositoryPolicy", REGION, "web").allowed is None


def test_a_registry_without_a_policy_says_so_and_tells_its_scope(world):
    registry = world.aws.registry(REGION)
    assert (registry.get_policy().value, registry.get_policy_scope().value) == (None, "V2")

"""What the adapters send, and how they read special cases of AWS's answers."""

from __future__ import annotations

import pytest

from app.aws.lightsail import service_of
from app.aws.ports import Role
from app.aws.probe import TRIES
from app.errors import Problem
from app.json_escapes import encodable
from app.messages.problems import what_happened
from app.policy.canonical import equivalent
from tests.build import REGION, a_policy, a_statement


@pytest.fixture
def shop(sandbox, raw):
    raw("lightsail").create_container_service(serviceName="shop", power="nano", scale=1)
    sandbox.advance(60)
    raw("ecr").create_repository(repositoryName="web")
    sandbox.clear_calls()


def problem_of(call, *args, **kwargs) -> Problem:
    with pytest.raises(Problem) as raised:
        call(*args, **kwargs)
    return raised.value


@pytest.mark.parametrize("active", [True, False])
def test_switching_the_role_sends_nothing_but_name_and_role(aws, sandbox, shop, active):
    aws.services(REGION).set_role_active("shop", active=active)
    [call] = sandbox.calls("lightsail:UpdateContainerService")
    role = {"ecrImagePullerRole": {"isActive": active}}
    assert call["params"] == {"serviceName": "shop", "privateRegistryAccess": role}


def test_a_policy_is_never_forced(aws, sandbox, shop):
    aws.repositories(REGION).set_policy("web", a_policy())
    [call] = sandbox.calls("ecr:SetRepositoryPolicy")
    assert set(call["params"]) == {"repositoryName", "policyText"}


def test_a_policy_with_half_of_a_character_is_text_and_the_same_policy(aws, sandbox, raw, shop):
    text = a_policy([{**a_statement(), "Sid": "a\ud800b"}])
    raw("ecr").set_repository_policy(repositoryName="web", policyText=text)
    read = aws.repositories(REGION).get_policy("web").value
    assert read.encode().decode() == read
    assert equivalent(read, text)
    assert aws.repositories(REGION).delete_policy("web").value == read


def test_a_policys_text_holds_only_what_every_database_holds():
    assert encodable('"a\0\udfff🚢"') == '"a\\u0000\\udfff🚢"'


def test_an_older_service_lacks_the_whole_key(aws, sandbox, shop):
    sandbox.change_service("shop", privateRegistryAccess=False)
    assert aws.services(REGION).get_service("shop").value.role == Role()


@pytest.mark.parametrize(
    "access", [{}, {"privateRegistryAccess": None}, {"privateRegistryAccess": {"ecrImagePullerRole": {"isActive": False}}}]
)  # fmt: skip
def test_an_inactive_role_reads_empty_in_every_form(access):
    assert service_of({"containerServiceName": "shop", **access}, REGION).role == Role()


def test_a_thousand_repositories_come_in_one_page(aws, sandbox, calls_made):
    sandbox.reset("large", repositories=1_001, services=1)
    listed = aws.repositories(REGION).list_repositories().value
    pages = sandbox.calls("ecr:DescribeRepositories")
    assert len({repository.name for repository in listed}) == len(listed) > 1_000
    assert [page["params"]["maxResults"] for page in pages] == [1_000] * len(calls_made)


def test_request_ids_are_those_of_aws(aws, sandbox, shop):
    answered = aws.repositories(REGION).get_policy("web")
    assert [call["request_id"] for call in sandbox.calls("ecr:*")] == [answered.request_id]


def test_a_refusal_to_tell_is_never_no_policy(aws, sandbox, shop):
    sandbox.fault(kind="access_denied", action="ecr:GetRepositoryPolicy")
    problem = problem_of(aws.repositories(REGION).get_policy, "web")
    assert problem.code == "aws.access_denied"
    assert problem.params["resource"] == f"arn:aws:ecr:{REGION}:123456789012:repository/web"


def test_a_service_that_is_updating_is_busy_with_its_state(aws, sandbox, shop):
    sandbox.change_service("shop", state="DEPLOYING")
    problem = problem_of(aws.services(REGION).set_role_active, "shop", active=True)
    assert what_happened(problem) == "The container service shop is DEPLOYING and can't be changed now."


def test_a_refusal_without_known_words_is_told_apart_by_the_state(aws, sandbox, shop):
    sandbox.fault(kind="error", action="lightsail:UpdateContainerService", code="InvalidInputException", message="No.")
    settled = problem_of(aws.services(REGION).set_role_active, "shop", active=True)
    sandbox.change_service("shop", state="UPDATING")
    changing = problem_of(aws.services(REGION).set_role_active, "shop", active=True)
    assert (settled.code, settled.retryable) == ("service.refused", False)
    assert (changing.code, changing.retryable, changing.params["state"]) == ("service.busy", True, "UPDATING")


def test_everything_that_is_called_can_be_checked_beforehand(aws, sandbox, shop, calls_made):
    services, repositories = aws.services(REGION), aws.repositories(REGION)
    services.list_services(), services.get_service("shop"), services.list_deployments("shop")
    services.set_role_active("shop", active=True), aws.identity().caller()
    repositories.list_repositories(), repositories.get_repository("web"), aws.pull_reads(REGION).images_page("", "web")
    repositories.set_policy("web", a_policy()), repositories.get_policy("web"), repositories.delete_policy("web")
    aws.registry(REGION).get_policy(), aws.registry(REGION).get_policy_scope()
    assert {f"{call.service}:{call.operation}" for call in calls_made} == set(TRIES)


@pytest.mark.parametrize("action", TRIES)
def test_a_missing_permission_is_found(aws, sandbox, action):
    sandbox.fault(kind="access_denied", action=action)
    probe = aws.probe(action, REGION)
    assert (probe.allowed, probe.problem.params["action"]) == (False, action)


@pytest.mark.parametrize("action", TRIES)
def test_a_permission_is_found_without_changing_anything(aws, sandbox, shop, action):
    assert aws.probe(action, REGION).allowed is True
    assert not sandbox.service("shop")["privateRegistryAccess"]["ecrImagePullerRole"]["isActive"]
    assert sandbox.policy("web")["writes"] == 0


@pytest.mark.parametrize("action", [action for action in TRIES if action.startswith("ecr:") and "Delete" not in action])
def test_a_permission_on_one_repository_is_found_without_changing_it(aws, sandbox, shop, action):
    aws.repositories(REGION).set_policy("web", a_policy())
    assert aws.probe(action, REGION, "web").allowed is True
    assert sandbox.policy("web")["writes"] == 1


def test_a_permission_stays_open_while_credentials_fail(aws, sandbox):
    sandbox.fault(kind="expired_token")
    probe = aws.probe("ecr:SetRepositoryPolicy", REGION)
    assert (probe.allowed, probe.problem.code) == (None, "aws.expired_token")

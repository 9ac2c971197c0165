"""The printed IAM policy: valid JSON for the named account, regions and repositories."""

import json

import pytest
from click.testing import CliRunner

from app.cli import main
from tests.sandbox_server import start_sandbox


def printed(*words, **environment):
    ran = CliRunner(env={"SAILPASS_REGIONS": None, **environment}).invoke(main, ["iam-policy", *words])
    assert ran.exit_code == 0, ran.output
    return json.loads(ran.stdout), ran.stderr


def resources(policy):
    return [statement["Resource"] for statement in policy["Statement"]]


def test_the_complete_policy_holds_what_the_guide_leaves_out():
    policy, said = printed("--account", "123456789012")
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert {"lightsail:UpdateContainerService", "ecr:SetRepositoryPolicy"} <= actions
    assert said == ""


def test_named_repositories_and_regions_are_filled_in():
    words = ["--account", "123456789012", "--region", "eu-west-1", "--named", "shop/api", "--named", "team/*"]
    policy, _ = printed(*words)
    arns = [f"arn:aws:ecr:eu-west-1:123456789012:repository/{name}" for name in ("shop/api", "team/*")]
    assert arns in resources(policy)


def test_read_only_changes_nothing():
    policy, _ = printed("--account", "123456789012", "--read-only")
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert not {action for action in actions if ":Set" in action or ":Update" in action or ":Delete" in action}


def test_the_guides_policy_is_the_four_actions():
    policy, _ = printed("--account", "123456789012", "--guide")
    assert len(policy["Statement"][0]["Action"]) == 4


def test_why_reads_and_changes_nothing():
    policy, _ = printed("--account", "123456789012", "--for", "why")
    actions = {action.partition(":")[2] for statement in policy["Statement"] for action in statement["Action"]}
    assert {"GetContainerLog", "GetRegistryPolicy", "BatchGetImage"} <= actions
    assert not {action for action in actions if not action.startswith(("Get", "Describe", "BatchGet"))}


def test_one_kind_of_policy_at_a_time():
    assert CliRunner().invoke(main, ["iam-policy", "--for", "why", "--guide"]).exit_code == 2


def test_the_account_is_that_of_the_credentials():
    with start_sandbox() as sandbox:
        policy, _ = printed(AWS_ENDPOINT_URL=sandbox.url, AWS_ACCESS_KEY_ID="AKID123456789012")
    assert any("us-east-1:123456789012:repository" in str(resource) for resource in resources(policy))


def test_an_account_that_is_not_known_is_any_and_that_is_said():
    policy, said = printed(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    assert any(":*:repository/*" in str(resource) for resource in resources(policy))
    assert "--account" in said


def test_any_region_is_a_star():
    policy, _ = printed("--account", "*", SAILPASS_REGIONS="all")
    assert "arn:aws:ecr:*:*:repository/*" in resources(policy)


@pytest.mark.parametrize("words", [("--account", "1"), ("--region", "moon"), ("--named", "No Name")])
def test_what_cannot_be_is_refused(words):
    ran = CliRunner().invoke(main, ["iam-policy", *words])
    assert (ran.exit_code, ran.stdout) == (2, "")


def actions_of(policy):
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def test_ci_may_deploy_and_change_no_access():
    policy, _ = printed("--account", "123456789012", "--for", "ci", "--named", "shop/api", "--region", "eu-west-1")
    changing = {action for action in actions_of(policy) if not action.partition(":")[2].startswith(("Get", "Describe"))}
    assert changing == {"lightsail:CreateContainerServiceDeployment"}
    assert "arn:aws:ecr:eu-west-1:123456789012:repository/shop/api" in resources(policy)


def test_deploy_may_give_access_too():
    policy, _ = printed("--account", "123456789012", "--for", "deploy")
    assert {"ecr:SetRepositoryPolicy", "lightsail:UpdateContainerService"} <= actions_of(policy)


def test_the_arn_of_a_service_is_looked_up():
    with start_sandbox() as sandbox:
        surroundings = {"AWS_ENDPOINT_URL": sandbox.url, "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "x"}
        words = ["--for", "ci", "--service", "storefront-web", "--region", "us-east-1"]
        policy, _ = printed(*words, **surroundings)
        assert sandbox.service("storefront-web")["arn"] in resources(policy)


def test_the_trust_of_github_names_repository_and_branch():
    policy, _ = printed("--account", "123456789012", "--trust-github", "mika/shop", "--ref", "environment:production")
    (statement,) = policy["Statement"]
    assert statement["Principal"]["Federated"].startswith("arn:aws:iam::123456789012:oidc-provider/")
    assert statement["Condition"]["StringEquals"] == {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": "repo:mika/shop:environment:production",
    }


@pytest.mark.parametrize(
    "ref, operator, subject",
    [
        ("main", "StringEquals", "repo:mika/shop:ref:refs/heads/main"),
        ("refs/tags/v*", "StringLike", "repo:mika/shop:ref:refs/tags/v*"),
        ("environment:*", "StringLike", "repo:mika/shop:environment:*"),
        ("pull_request", "StringEquals", "repo:mika/shop:pull_request"),
    ],
)
def test_the_trust_of_github_matches_what_github_sends(ref, operator, subject):
    policy, _ = printed("--account", "123456789012", "--trust-github", "mika/shop", "--ref", ref)
    (statement,) = policy["Statement"]
    assert statement["Condition"][operator]["token.actions.githubusercontent.com:sub"] == subject
    assert statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"


def test_a_trust_without_an_account_is_refused():
    ran = CliRunner().invoke(main, ["iam-policy", "--account", "*", "--trust-github", "mika/shop"])
    assert (ran.exit_code, "12 digits" in ran.output) == (2, True)

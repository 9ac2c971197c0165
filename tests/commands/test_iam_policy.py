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

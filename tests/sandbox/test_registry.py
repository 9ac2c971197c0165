"""A registry policy and its settings over HTTP, with real boto3."""

from __future__ import annotations

import json

import pytest

CONSTRAINT = "Invalid parameter at 'PolicyText' failed to satisfy constraint: "
INVALID = ("InvalidParameterException", f"{CONSTRAINT}'Invalid registry policy provided'")
NONE = (
    "RegistryPolicyNotFoundException",
    "Registry policy does not exist in the registry with id '123456789012'",
)
REPLICATION = {
    "Sid": "ReplicationAccessCrossAccount",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    "Action": ["ecr:CreateRepository", "ecr:ReplicateImage"],
    "Resource": ["arn:aws:ecr:us-east-1:123456789012:repository/*"],
}
PUT_IMAGE = {"Effect": "Deny", "Principal": "*", "Action": "ecr:PutImage", "Resource": "*"}


def text(*changes):
    written = [{k: v for k, v in {**REPLICATION, **each}.items() if v is not None} for each in changes]
    return json.dumps({"Version": "2012-10-17", "Statement": written})


def test_a_registry_without_a_policy_says_so(ecr, refusal):
    assert refusal(ecr.get_registry_policy) == NONE
    assert refusal(ecr.delete_registry_policy) == NONE


def test_a_policy_is_put_got_and_deleted(ecr, refusal):
    put = ecr.put_registry_policy(policyText=text({}))
    read = ecr.get_registry_policy()
    assert (read["registryId"], read["policyText"]) == ("123456789012", put["policyText"])
    statement = json.loads(read["policyText"])["Statement"][0]
    assert statement["Resource"] == REPLICATION["Resource"][0]
    assert list(statement) == ["Sid", "Effect", "Principal", "Action", "Resource"]
    assert ecr.delete_registry_policy()["policyText"] == read["policyText"]
    assert refusal(ecr.get_registry_policy) == NONE


def test_each_region_and_account_has_its_own(ecr, tokyo, other_account, refusal):
    ecr.put_registry_policy(policyText=text({}))
    assert "NoPullsOfRetiredImages" in tokyo["ecr"].get_registry_policy()["policyText"]
    assert refusal(other_account["ecr"].get_registry_policy)[0] == NONE[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"Resource": None},
        {"Resource": []},
        {"Resource": "repository/*"},
        {"Resource": "arn:aws:s3:::bucket"},
        {"Resource": "*", "NotResource": "*"},
        {"Effect": "Maybe"},
        {"Principal": None},
        {"Principal": {"AWS": "arn:aws:iam::111122223333:*"}},
        {"Action": "s3:GetObject"},
        {"Extra": 1},
        {"Principal": {"AWS": "AROAEXAMPLEID12345678"}},
    ],
)
def test_a_policy_that_says_something_wrong_is_refused(ecr, refusal, changes):
    assert refusal(ecr.put_registry_policy, policyText=text(changes)) == INVALID
    assert refusal(ecr.get_registry_policy) == NONE


@pytest.mark.parametrize(
    "changes",
    [
        {"Resource": "*"},
        {"Resource": None, "NotResource": "*"},
        {"Action": "ecr:*", "Effect": "Deny", "Principal": "*"},
    ],
)
def test_a_sound_policy_is_accepted(ecr, changes):
    ecr.put_registry_policy(policyText=text({**changes, "Action": changes.get("Action", "ecr:ReplicateImage")}))


def test_a_registry_policy_is_no_repository_policy(ecr, refusal):
    code, message = refusal(ecr.set_repository_policy, repositoryName="payments/api", policyText=text({}))
    assert (code, "Invalid repository policy provided" in message) == ("InvalidParameterException", True)


def test_a_text_may_have_10240_characters_and_no_more(ecr, refusal):
    policy = text({})
    ecr.put_registry_policy(policyText=policy + " " * (10_240 - len(policy)))
    code, message = refusal(ecr.put_registry_policy, policyText=policy + " " * (10_241 - len(policy)))
    assert (code, "less than or equal to 10240" in message) == ("InvalidParameterException", True)


def test_who_a_closed_account_names_is_not_found(sandbox, ecr, refusal):
    sandbox.close_account("111122223333")
    assert refusal(ecr.put_registry_policy, policyText=text({})) == INVALID


def test_a_fresh_registry_has_the_scope_v2(ecr):
    assert ecr.get_account_setting(name="REGISTRY_POLICY_SCOPE")["value"] == "V2"
    assert ecr.get_account_setting(name="BASIC_SCAN_TYPE_VERSION")["value"] == "AWS_NATIVE"


def test_the_scope_can_be_changed(ecr):
    assert ecr.put_account_setting(name="REGISTRY_POLICY_SCOPE", value="V1")["value"] == "V1"
    assert ecr.get_account_setting(name="REGISTRY_POLICY_SCOPE")["value"] == "V1"


@pytest.mark.parametrize("name, value", [("REGISTRY_POLICY_SCOPE", "V3"), ("COLOR", "red"), ("x" * 65, "V1")])
def test_a_setting_that_cannot_be_is_refused(ecr, refusal, name, value):
    assert refusal(ecr.put_account_setting, name=name, value=value)[0] == "InvalidParameterException"


def test_a_deny_binds_the_accounts_own_user(ecr, refusal):
    ecr.put_registry_policy(policyText=json.dumps({"Version": "2012-10-17", "Statement": [PUT_IMAGE]}))
    code, message = refusal(ecr.put_image, repositoryName="tools/cli", imageManifest="{}")
    assert code == "AccessDeniedException"
    assert message.endswith("repository/tools/cli with an explicit deny in a resource-based policy")
    ecr.describe_images(repositoryName="tools/cli")


def test_under_v1_a_deny_counts_for_three_actions_alone(ecr, refusal):
    denied = {**PUT_IMAGE, "Action": ["ecr:PutImage", "ecr:CreateRepository"]}
    ecr.put_registry_policy(policyText=json.dumps({"Version": "2012-10-17", "Statement": [denied]}))
    ecr.put_account_setting(name="REGISTRY_POLICY_SCOPE", value="V1")
    assert refusal(ecr.put_image, repositoryName="tools/cli", imageManifest="{}")[0] == "InvalidParameterException"
    assert refusal(ecr.create_repository, repositoryName="new/one")[0] == "AccessDeniedException"


def test_another_writer_is_not_checked(sandbox, ecr):
    sandbox.change_registry(policy={"Statement": "x"}, settings={"REGISTRY_POLICY_SCOPE": "V1"})
    assert json.loads(ecr.get_registry_policy()["policyText"]) == {"Statement": "x"}
    assert sandbox.change_registry(policy=None)["settings"]["REGISTRY_POLICY_SCOPE"] == "V1"

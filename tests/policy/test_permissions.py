import json

import pytest

from app.policy.permissions import (
    ACTIONS_USED,
    Need,
    PermissionScope,
    allowing,
    guide_policy,
    manage_policy,
    read_only_policy,
    to_text,
)

ANYWHERE = PermissionScope("220022002200")
NAMED = PermissionScope("220022002200", regions=("eu-west-1",), repositories=("shop/api", "shop/web"))
ECR_FOUR = {
    "ecr:SetRepositoryPolicy",
    "ecr:DescribeRepositories",
    "ecr:DeleteRepositoryPolicy",
    "ecr:GetRepositoryPolicy",
}


def allowed(policy):
    return {action: one["Resource"] for one in policy["Statement"] for action in one["Action"]}


def test_what_each_action_is_needed_for_begins_with_a_capital():
    assert [use.why for use in ACTIONS_USED if not use.why[0].isupper()] == []


def test_the_guides_policy_for_any_repository():
    (statement,) = guide_policy(ANYWHERE)["Statement"]
    assert (statement["Sid"], set(statement["Action"])) == ("ManageEcrPrivateRepositoriesAccess", ECR_FOUR)
    assert statement["Resource"] == "arn:aws:ecr:*:220022002200:repository/*"


def test_the_guides_policy_for_a_named_one():
    one = PermissionScope("111122223333", regions=("us-east-1",), repositories=("my-private-repo",))
    (statement,) = guide_policy(one)["Statement"]
    assert statement["Resource"] == "arn:aws:ecr:us-east-1:111122223333:repository/my-private-repo"


def test_the_whole_one_also_has_what_the_guide_leaves_out():
    found = allowed(manage_policy(NAMED))
    assert ECR_FOUR | {"lightsail:GetContainerServices", "lightsail:UpdateContainerService"} <= set(found)
    assert found["lightsail:GetContainerServices"] == "*"
    assert found["lightsail:UpdateContainerService"] == "arn:aws:lightsail:eu-west-1:220022002200:ContainerService/*"


def test_named_repositories_are_named_in_every_region_asked_for():
    scope = PermissionScope("220022002200", regions=("eu-west-1", "us-east-1"), repositories=("shop/api",))
    assert allowed(manage_policy(scope))["ecr:SetRepositoryPolicy"] == [
        "arn:aws:ecr:eu-west-1:220022002200:repository/shop/api",
        "arn:aws:ecr:us-east-1:220022002200:repository/shop/api",
    ]


def test_the_widest_one_deploys_and_the_read_only_one_does_not():
    deploying = "lightsail:CreateContainerServiceDeployment"
    assert deploying in allowed(manage_policy(ANYWHERE))
    assert deploying not in allowed(read_only_policy(ANYWHERE))


def test_the_read_only_one_changes_nothing():
    verbs = {action.split(":")[1] for action in allowed(read_only_policy(ANYWHERE))}
    assert all(verb.startswith(("Get", "Describe", "List")) for verb in verbs)
    assert {"GetContainerServices", "GetRepositoryPolicy", "DescribeRepositories"} <= verbs


@pytest.mark.parametrize("policy", [guide_policy(NAMED), manage_policy(NAMED), read_only_policy(ANYWHERE)])
def test_each_is_one_valid_document_ready_to_paste(policy):
    assert json.loads(to_text(policy)) == policy
    assert policy["Version"] == "2012-10-17"
    assert all(one["Effect"] == "Allow" and one["Sid"].isalnum() and one["Action"] for one in policy["Statement"])


def test_identity_needs_no_permission_and_is_asked_for_in_none():
    assert not any(action.startswith("sts:") for action in allowed(manage_policy(ANYWHERE)))


def test_everything_used_but_that_stands_in_the_widest_policy():
    used = {use.action for use in ACTIONS_USED if not use.action.startswith("sts:")}
    assert set(allowed(manage_policy(ANYWHERE))) == used


def test_another_partition_is_filled_in():
    arn = allowed(guide_policy(PermissionScope("220022002200", partition="aws-us-gov")))["ecr:GetRepositoryPolicy"]
    assert arn.startswith("arn:aws-us-gov:ecr:")


def test_a_refused_action_is_answered_by_the_statement_that_allows_it():
    assert allowing("ecr:SetRepositoryPolicy", PermissionScope("220022002200", ("eu-west-1",), ("shop/api",))) == {
        "Sid": "AllowEcrSetRepositoryPolicy",
        "Effect": "Allow",
        "Action": ["ecr:SetRepositoryPolicy"],
        "Resource": "arn:aws:ecr:eu-west-1:220022002200:repository/shop/api",
    }


def test_every_need_has_its_actions_and_every_action_its_reason():
    assert {use.need for use in ACTIONS_USED} == set(Need)
    assert all(use.why for use in ACTIONS_USED)


def test_the_actions_exist_in_aws_own_models():
    models = pytest.importorskip("botocore.session").get_session()
    known = {"lightsail": "lightsail", "ecr": "ecr", "sts": "sts"}
    operations = {name: set(models.get_service_model(known[name]).operation_names) for name in known}
    assert [
        use.action for use in ACTIONS_USED if use.action.split(":")[1] not in operations[use.action.split(":")[0]]
    ] == []

import pytest

from app.policy import arns
from app.policy.arns import service_of
from app.policy.evaluate import evaluate
from app.policy.principals import PrincipalKind, kind_of, principals_of
from tests.policy.build import a_policy, a_statement
from tests.policy.names import DEAD, GENERAL, LIGHTSAIL_ROOT, MIKA, PULLER


def test_the_pullers_arn_tells_service_and_region():
    role = service_of(PULLER)
    assert (role.service, role.region, role.account) == ("shop", "eu-west-1", "947856326339")
    assert role.is_puller


def test_the_services_general_role_is_told_from_its_puller():
    assert service_of(GENERAL).service == "shop"
    assert not service_of(GENERAL).is_puller


@pytest.mark.parametrize(
    "rest", ["private-repo-access/x", "privaterepoaccess-EXAMPLE", "pull/x", "private-repo-access/a/b"]
)
def test_a_form_not_known_to_be_the_general_roles_counts_as_the_pullers(rest):
    assert service_of(f"arn:aws:iam::947856326339:role/amazon/lightsail/us-east-1/containers/a-b/{rest}").is_puller


@pytest.mark.parametrize("arn", ["", "None", MIKA, LIGHTSAIL_ROOT, PULLER.replace("iam", "sts"), f"x{PULLER}"])
def test_anything_else_is_no_lightsail_role(arn):
    assert service_of(arn) is None


@pytest.mark.parametrize(
    "value, kind",
    [
        (PULLER, "puller"),
        (GENERAL, "general"),
        ("arn:aws:iam::220022002200:role/ci", "role"),
        (MIKA, "user"),
        ("arn:aws-us-gov:sts::220022002200:assumed-role/ci/run", "session"),
        ("220022002200", "account"),
        ("arn:aws-cn:iam::220022002200:root", "account"),
        (DEAD, "unique_id"),
        ("AIDAQWERTYUIOPASDFGHJ", "unique_id"),
        ("*", "wildcard"),
        ("", "other"),
        ("None", "other"),
        ("aws:ecr", "other"),
        ("arn:aws:iam::*:role/Admin", "other"),
    ],
)
def test_what_stands_under_aws_is_told_by_its_form(value, kind):
    assert kind_of("AWS", value) is PrincipalKind(kind)


def test_services_and_identity_providers_are_told_by_their_key():
    assert kind_of("Service", "lambda.amazonaws.com") is PrincipalKind.SERVICE
    assert kind_of("Federated", "accounts.google.com") is PrincipalKind.FEDERATED


def test_every_principal_is_listed_once_wherever_it_stands():
    left_out = {"Effect": "Deny", "NotPrincipal": {"AWS": GENERAL, "Service": "x.amazonaws.com"}, "Action": "*"}
    text = a_policy(a_statement([PULLER, MIKA]), a_statement(PULLER, effect="Deny"), left_out)
    assert [one.value for one in principals_of(text)] == [PULLER, MIKA, GENERAL, "x.amazonaws.com"]
    assert [(one.service, one.region) for one in principals_of(text)][:2] == [("shop", "eu-west-1"), ("", "")]


def test_no_policy_names_nobody():
    assert principals_of(None) == ()


CHINA = "arn:aws-cn:iam::220022002200"


def test_an_account_of_another_partition_is_another_account():
    assert [arns.account_of(arn) for arn in ("220022002200", f"{CHINA}:root", f"{CHINA}:user/mika")] == [
        "220022002200",
        "aws-cn:220022002200",
        "aws-cn:220022002200",
    ]
    assert arns.same_form(f"{CHINA}:root") != arns.same_form("220022002200")
    assert arns.forms_of_account("aws-cn:220022002200") == (f"{CHINA}:root",)


@pytest.mark.parametrize("named, access", [("220022002200", "not_allowed"), (f"{CHINA}:root", "allowed")])
def test_what_an_account_may_do_nobody_of_another_partition_may(named, access):
    policy = a_policy(a_statement(named))
    assert evaluate(policy, f"{CHINA}:role/ci").access == access

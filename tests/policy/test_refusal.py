import botocore.session
import pytest

from app.policy.ecr_actions import ECR_ACTIONS
from app.policy.messages import say
from app.policy.refusal import refusal_reasons
from tests.policy.build import a_policy, a_statement
from tests.policy.names import MIKA, PULL, PULLER


def reasons(*statements, **more):
    return [finding.code for finding in refusal_reasons(a_policy(*statements, **more))]


@pytest.mark.parametrize(
    "statement, code",
    [
        (a_statement("arn:aws:iam::111122223333:*"), "no_principal"),
        (a_statement([MIKA, "None"]), "no_principal"),
        ({**a_statement(), "Principal": {"Service": "codebuild"}}, "no_principal"),
        ({**a_statement(), "Principal": {"Role": MIKA}}, "principal_type"),
        (a_statement(Resource="*"), "resource_element"),
        (a_statement(Resources="*"), "unknown_element"),
        (a_statement(action=["ecr:ReplicateImage"], Resource="arn:aws:ecr:*"), "registry_policy"),
        (a_statement(action="ecr:CreateRepository"), "registry_policy"),
        (a_statement(action="ecr:GetAuthorizationToken"), "token_action"),
        (a_statement(action="ecr: PutImage"), "odd_action"),
        (a_statement(action="s3:GetObject"), "foreign_action"),
        (a_statement(action="ecr:PullImage"), "unknown_action"),
        (a_statement(Condition={"StringResembles": {"aws:PrincipalArn": MIKA}}), "operator"),
        (a_statement(Condition={"NullIfExists": {"aws:PrincipalArn": "true"}}), "operator"),
        (a_statement("*", "ecr:*", effect="Deny"), "lock_out"),
    ],
)
def test_what_ecr_refuses_is_named(statement, code):
    assert reasons(a_statement(), statement) == [f"refusal.{code}"]


def test_reasons_are_named_in_the_order_of_the_policy():
    members = {f"Member{number}": 1 for number in range(9, 0, -1)}
    text = a_policy(a_statement(), **members)
    assert [finding.params["element"] for finding in refusal_reasons(text)] == list(members)


@pytest.mark.parametrize(
    "statement",
    [
        a_statement(PULLER),
        a_statement(["*", "123456789012", "arn:aws:sts::123456789012:assumed-role/ci/run"], ["ecr:Batch*", "*"]),
        {**a_statement(), "Principal": {"Service": "codebuild.amazonaws.com", "Federated": "x"}},
        a_statement(Condition={"ForAllValues:StringLikeIfExists": {"aws:TagKeys": "x"}, "Null": {"aws:x": "true"}}),
        a_statement("*", "ecr:PutImage", effect="Deny"),
        a_statement("*", "ecr:*", effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}),
    ],
)
def test_what_ecr_takes_has_no_reason(statement):
    assert reasons(statement) == []


def test_the_document_is_looked_at_too():
    assert reasons() == ["refusal.empty"]
    assert reasons(a_statement(), version="2012-10-18") == ["refusal.version"]
    assert reasons(a_statement(), Statements=[]) == ["refusal.unknown_member"]


def test_a_text_that_is_no_policy_is_told_by_what_is_wrong_with_it():
    (reason,) = refusal_reasons("{")
    assert say(reason.code, reason.params) == "The policy can't be read (policy.not_json)."
    assert refusal_reasons(None) == ()


def test_what_may_not_be_why_comes_last_and_the_principal_is_named():
    found = refusal_reasons(
        a_policy(a_statement("*", "*", effect="Deny"), a_statement("arn:aws:iam::111122223333:*", ["ecr:Pull", *PULL]))
    )
    assert [finding.code for finding in found] == [
        "refusal.no_principal",
        "refusal.lock_out",
        "refusal.unknown_action",
    ]
    assert found[0].principal == "arn:aws:iam::111122223333:*"


def test_every_operation_of_ecr_is_known():
    operations = botocore.session.get_session().get_service_model("ecr").operation_names
    assert {f"ecr:{name}".lower() for name in operations} <= ECR_ACTIONS

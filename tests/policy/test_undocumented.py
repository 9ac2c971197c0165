"""What AWS's documentation leaves open stays open: never "allowed" where AWS may deny, nor "denied" where it may allow."""

import json

import pytest

from app.errors import Problem
from app.policy.evaluate import Evaluator, evaluate
from app.policy.layers import NOT_READ, RegistryPolicy, RegistryScope
from app.policy.matching import PullPrincipal
from app.policy.revoke import plan_prune
from app.policy.verdict import Access
from tests.policy.build import NOW, a_policy, a_statement
from tests.policy.names import LIGHTSAIL, PULL, PULLER

REPOSITORY = "arn:aws:ecr:eu-west-1:220022002200:repository/shop/api"
ALLOWING = a_statement(PULLER, sid="Ours")
SESSION = f"arn:aws:sts::{LIGHTSAIL}:assumed-role/{PULLER.rpartition('/')[2]}/lightsail"
BUILDER, BUILDERS_SESSION = (
    "arn:aws:iam::111122223333:role/team/builder",
    "arn:aws:sts::111122223333:assumed-role/builder/ci",
)


def denying(condition):
    return {"Effect": "Deny", "Principal": "*", "Action": "ecr:*", "Condition": condition}


def access(*statements, caller=PULLER, registry=NOT_READ):
    puller = PullPrincipal.puller(caller) if caller == PULLER else PullPrincipal.of(caller)
    return Evaluator(a_policy(*statements), registry, repository_arn=REPOSITORY, now=NOW).verdict(puller).access


@pytest.mark.parametrize("operator", ["StringEquals", "StringNotEquals", "Bool", "Null", "ForAllValues:StringLike"])
def test_a_test_without_values_is_open(operator):
    condition = {operator: {"aws:PrincipalAccount": []}}
    assert access(ALLOWING, denying(condition)) is Access.CONDITIONAL
    assert access(a_statement(PULLER, Condition=condition)) is Access.CONDITIONAL


def test_for_any_value_without_values_is_false():
    assert access(ALLOWING, denying({"ForAnyValue:StringLike": {"aws:PrincipalAccount": []}})) is Access.ALLOWED


def test_an_element_that_excludes_nothing_gives_nothing_and_may_deny():
    allowing = {"Effect": "Allow", "Principal": {"AWS": PULLER}, "NotAction": []}
    denies = {"Effect": "Deny", "Principal": "*", "NotAction": []}
    assert access(allowing) is Access.NOT_ALLOWED
    assert access(ALLOWING, denies) is Access.CONDITIONAL


def in_registry(effect, **more):
    text = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Principal": "*", "Action": "ecr:*", **more}]}
    )
    return RegistryPolicy(text, RegistryScope.V2)


@pytest.mark.parametrize("pattern", ["arn:aws:ecr", "arn:aws:ecr:eu-west-1", "arn:aws:ecr:eu-west-1:220022002200"])
def test_an_incomplete_arn_is_open(pattern):
    assert access(ALLOWING, registry=in_registry("Deny", Resource=pattern)) is Access.CONDITIONAL
    assert access(registry=in_registry("Allow", NotResource=pattern)) is Access.CONDITIONAL


def test_a_wildcard_at_its_end_completes_an_arn():
    assert access(ALLOWING, registry=in_registry("Deny", Resource="arn:aws:ecr:*")) is Access.DENIED


@pytest.mark.parametrize("date", ["2027-01-01 00:00:00", "2027-01-01x00:00", "2027-W01-1", "20270101T000000Z"])
def test_a_date_in_another_form_than_aws_documents_is_open(date):
    assert access(a_statement(PULLER, Condition={"DateLessThan": {"aws:CurrentTime": date}})) is Access.CONDITIONAL
    assert access(ALLOWING, denying({"DateGreaterThan": {"aws:CurrentTime": date}})) is Access.CONDITIONAL


@pytest.mark.parametrize("digits", ["4954521600", "٤٩٥٤٥٢١٦٠٠"])
@pytest.mark.parametrize("operator", ["DateLessThan", "NumericLessThan"])
def test_digits_of_another_script_are_open(operator, digits):
    test = {operator: {"aws:EpochTime": digits}}
    expected = Access.ALLOWED if digits.isascii() else Access.CONDITIONAL
    assert access(a_statement(PULLER, Condition=test)) is expected


@pytest.mark.parametrize("date", ["2127-01-01", "2127-01-01T00:00Z", "2127-01-01T00:00:00.5+09:00", "4954521600"])
def test_a_date_as_aws_documents_it_is_compared(date):
    assert access(a_statement(PULLER, Condition={"DateLessThan": {"aws:CurrentTime": date}})) is Access.ALLOWED


@pytest.mark.parametrize("value", ["yes", "1", "", " true", None])
def test_null_that_is_neither_true_nor_false_is_open(value):
    assert access(ALLOWING, denying({"Null": {"aws:PrincipalAccount": value}})) is Access.CONDITIONAL


def test_a_statement_for_one_session_of_the_role_may_be_about_the_pull():
    deny = {"Effect": "Deny", "Principal": {"AWS": SESSION}, "Action": "*"}
    assert access(ALLOWING, deny) is Access.CONDITIONAL
    assert access(a_statement(SESSION)) is Access.CONDITIONAL
    verdict = evaluate(a_policy(a_statement(SESSION)), PULLER)
    assert SESSION in verdict.params["conditions"]


def test_what_holds_for_everyone_is_certain_even_where_a_session_is_named_too():
    everyone = {"AWS": ["*", SESSION]}
    assert access({"Effect": "Allow", "Principal": everyone, "Action": PULL}) is Access.ALLOWED
    assert access(ALLOWING, {"Effect": "Deny", "Principal": everyone, "Action": "*"}) is Access.DENIED


def test_a_session_of_another_role_is_nobody_we_ask_about():
    deny = {"Effect": "Deny", "Principal": {"AWS": BUILDERS_SESSION}, "Action": "*"}
    assert access(ALLOWING, deny) is Access.ALLOWED


def test_what_is_denied_to_a_role_is_denied_to_its_sessions():
    deny = {"Effect": "Deny", "Principal": {"AWS": BUILDER}, "Action": "*"}
    assert access(a_statement(BUILDERS_SESSION), deny, caller=BUILDERS_SESSION) is Access.DENIED
    assert access(a_statement(BUILDER), caller=BUILDERS_SESSION) is Access.ALLOWED


def test_a_session_that_is_left_out_of_a_deny_without_its_role_may_be_denied():
    def left_out(*principals):
        deny = {"Effect": "Deny", "NotPrincipal": {"AWS": [*principals, "111122223333"]}, "Action": PULL}
        return access(a_statement(BUILDERS_SESSION), deny, caller=BUILDERS_SESSION)

    assert left_out(BUILDERS_SESSION) is Access.CONDITIONAL
    assert left_out(BUILDERS_SESSION, BUILDER) is Access.ALLOWED


@pytest.mark.parametrize("value, kind", [("lambda.amazonaws.com", "Service"), ("accounts.google.com", "Federated")])
@pytest.mark.parametrize("is_refused", [False, True])
def test_what_lives_under_another_type_is_not_pruned(value, kind, is_refused):
    text = a_policy(a_statement(value), {"Effect": "Allow", "Principal": {kind: value}, "Action": PULL})
    with pytest.raises(Problem) as raised:
        plan_prune(text, [value], refused=[value] if is_refused else [])
    assert raised.value.code == "policy.not_dead"


def test_what_is_dead_and_refused_under_its_only_type_is_pruned():
    text = a_policy(a_statement("lambda.amazonaws.com"), ALLOWING)
    assert json.loads(plan_prune(text, ["lambda.amazonaws.com"]).after) == json.loads(a_policy(ALLOWING))

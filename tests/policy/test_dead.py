import pytest
from hypothesis import given

from app.errors import Problem
from app.policy.principals import dead_principals, principals_of
from app.policy.revoke import plan_prune
from tests.policy.build import a_policy, a_statement, any_policy, statements_of
from tests.policy.names import DEAD, GENERAL, MIKA, OLD_PULLER, PULL, PULLER

LIVING = [
    "*",
    MIKA,
    PULLER,
    OLD_PULLER,
    GENERAL,
    "123456789012",
    "arn:aws:iam::123456789012:root",
    "arn:aws-cn:iam::123456789012:role/path/ci",
    "arn:aws:sts::123456789012:assumed-role/ci/run-1",
    "arn:aws:sts::123456789012:federated-user/noor",
    "arn:aws:iam::123456789012:saml-provider/corp",
    "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1",
]
GONE = [
    DEAD,
    "AIDAQWERTYUIOPASDFGHJ",
    "",
    "None",
    "aws:ecr",
    "12345678901",
    "123456789012 ",
    "arn:aws:iam::111122223333:*",
    "arn:aws:iam::*:role/Admin",
    "arn:aws:iam::123456789012:role/c?",
    "arn:aws:iam::123456789012:group/team",
    "arn:aws:lambda:eu-west-1:123456789012:function:f",
]


def dead(text):
    return [principal.value for principal in dead_principals(text)]


def under(kind, value):
    return {**a_statement(), "Principal": {kind: value}}


@pytest.mark.parametrize("value", LIVING)
def test_what_may_live_is_never_dead_by_its_form(value):
    assert dead(a_policy(a_statement([value]))) == []


@pytest.mark.parametrize("value", GONE)
def test_what_can_be_nobody_is_dead_by_its_form(value):
    left_out = {"Effect": "Deny", "NotPrincipal": {"AWS": [MIKA, value]}, "Action": PULL}
    assert dead(a_policy(left_out)) == [value]


@pytest.mark.parametrize(
    "kind, value",
    [
        ("Service", "lightsail.ap-southeast-3.amazonaws.com"),
        ("Service", "containerservices.lightsail.amazonaws.com"),
        ("Service", "lightsail.amazonaws.com"),
        ("Service", "lambda.amazonaws.com"),
        ("Federated", "None"),
        ("CanonicalUser", "79a59df900b949e55d96a1e698fba"),
    ],
)
def test_no_other_type_is_dead_by_its_form(kind, value):
    text = a_policy(under(kind, value))
    assert dead(text) == []
    with pytest.raises(Problem, match=r"policy\.not_dead"):
        plan_prune(text, [value])


def test_a_guessed_service_that_ecr_refused_goes():
    guessed = "lightsail.ap-southeast-3.amazonaws.com"
    text = a_policy(under("Service", guessed), a_statement(PULLER))
    assert statements_of(plan_prune(text, [guessed], refused=[guessed]).after) == [a_statement(PULLER)]


def test_no_policy_names_nobody_dead():
    assert dead_principals(None) == ()


@pytest.mark.parametrize("value", [value for value in LIVING if value != "*"])
def test_a_prune_never_takes_out_what_may_live(value):
    text = a_policy(a_statement([value, DEAD]), a_statement(value, effect="Deny"))
    with pytest.raises(Problem) as refused:
        plan_prune(text, [value, DEAD])
    assert (refused.value.code, refused.value.params) == ("policy.not_dead", {"principals": value})


def test_what_ecr_refused_goes_too_in_either_form_of_an_account():
    text = a_policy(a_statement([MIKA, "123456789012"]), a_statement(OLD_PULLER, effect="Deny"))
    change = plan_prune(text, [OLD_PULLER, "123456789012"], refused=[OLD_PULLER, "arn:aws:iam::123456789012:root"])
    assert statements_of(change.after) == [a_statement([MIKA])]


def test_what_is_not_there_any_more_needs_nothing():
    assert not plan_prune(a_policy(a_statement(MIKA)), [OLD_PULLER, DEAD]).needed


@given(any_policy())
def test_whatever_is_asked_only_the_dead_go(text):
    wish = [principal.value for principal in principals_of(text)]
    gone = set(dead(text))
    if set(wish) - gone - {"*"}:
        with pytest.raises(Problem, match=r"policy\.not_dead"):
            plan_prune(text, wish)
    after = plan_prune(text, gone).after
    assert {one.value for one in principals_of(after)} >= set(wish) - gone

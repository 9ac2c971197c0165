import json

import pytest
from hypothesis import example, given, settings

from app.policy.evaluate import evaluate
from app.policy.messages import say
from app.policy.verdict import Access
from tests.policy.build import ANY_OR_OURS, a_policy, a_statement, any_policy
from tests.policy.names import FROM_OFFICE, LIGHTSAIL, LIGHTSAIL_ROOT, MIKA, PULL, PULLER
from tests.policy.oracle import may_pull

REPOSITORY = "arn:aws:ecr:eu-west-1:220022002200:repository/shop/api"
ALLOWING = a_statement(PULLER, sid="Ours")


def access(*statements, **more):
    return evaluate(a_policy(*statements), PULLER, **more).access


@settings(max_examples=400)
@given(any_policy(ANY_OR_OURS))
@example(a_policy({"Effect": "Deny", "NotPrincipal": {"AWS": [PULLER]}, "Action": "*"}, a_statement("*")))
def test_the_verdict_is_that_of_a_plain_judge_who_tries_every_way(text):
    expected = {True: {Access.ALLOWED}, None: {Access.CONDITIONAL}, False: {Access.DENIED, Access.NOT_ALLOWED}}
    verdict = evaluate(text, PULLER)
    assert verdict.access in expected[may_pull(text, PULLER)]
    assert "%(" not in say(verdict.code, verdict.params)


def test_no_policy_allows_nothing():
    verdict = evaluate(None, PULLER)
    assert (verdict.access, verdict.code) == (Access.NOT_ALLOWED, "verdict.no_policy")
    assert verdict.missing_actions == tuple(PULL)


@pytest.mark.parametrize(
    "action",
    [PULL, "*", "ecr:*", ["ecr:batchGETimage", "ECR:GetDownload*"], ["ecr:*Image", "ecr:Get?ownloadUrlForLayer"], "e*"],
)
def test_wildcards_count_and_case_does_not(action):
    assert access(a_statement(PULLER, action)) is Access.ALLOWED


@pytest.mark.parametrize(
    "action", ["ecr:Get*", "ecr: BatchGetImage", ["ecr:BatchGetImage", "ecr:[G]*"], "ecr", "s3:*", []]
)
def test_what_only_looks_like_it_does_not_count(action):
    assert access(a_statement(PULLER, action)) is Access.NOT_ALLOWED


def test_both_actions_are_needed_and_the_missing_one_is_named():
    verdict = evaluate(a_policy(a_statement(PULLER, PULL[0], sid="Half")), PULLER)
    assert (verdict.code, verdict.missing_actions) == ("verdict.action_missing", (PULL[1],))
    assert verdict.params["statement"] == "#1 (Half)"


def test_they_may_come_from_different_statements():
    verdict = evaluate(a_policy(a_statement(PULLER, PULL[0]), a_statement(), a_statement("*", PULL[1])), PULLER)
    assert (verdict.access, verdict.statements) == (Access.ALLOWED, (0, 2))


def test_all_but_some_actions_allows_the_rest():
    everything_else = {"Effect": "Allow", "Principal": {"AWS": PULLER}, "NotAction": "ecr:Put*"}
    assert access(everything_else) is Access.ALLOWED
    assert access({**everything_else, "NotAction": ["ECR:batchget*"]}) is Access.NOT_ALLOWED


@pytest.mark.parametrize(
    "principal, reach",
    [
        (PULLER, "named"),
        ([MIKA, PULLER], "named"),
        (LIGHTSAIL_ROOT, "account"),
        (LIGHTSAIL, "account"),
        ("*", "everyone"),
    ],
)
def test_the_reason_tells_how_it_is_covered(principal, reach):
    assert evaluate(a_policy(a_statement(principal)), PULLER).code == f"verdict.allowed_{reach}"


@pytest.mark.parametrize(
    "principal", [MIKA, "220022002200", PULLER[:-1], PULLER + "x", "arn:aws:iam::*:role/*", PULLER[:-1] + "?"]
)
def test_somebody_else_or_a_pattern_inside_an_arn_covers_nobody(principal):
    verdict = evaluate(a_policy(a_statement(principal)), PULLER)
    assert (verdict.access, verdict.code) == (Access.NOT_ALLOWED, "verdict.not_named")


def test_being_named_for_other_actions_is_told_apart_from_not_being_named():
    assert evaluate(a_policy(a_statement(PULLER, "ecr:PutImage")), PULLER).code == "verdict.other_actions"


@pytest.mark.parametrize("principal", [PULLER, LIGHTSAIL, "*"])
def test_an_explicit_deny_wins_wherever_it_stands(principal):
    denying = a_statement(principal, "ecr:Batch*", effect="Deny", sid="No")
    verdict = evaluate(a_policy(ALLOWING, denying), PULLER)
    assert (verdict.access, verdict.statements) == (Access.DENIED, (1,))
    assert access(denying, ALLOWING) is Access.DENIED


def test_a_deny_of_other_actions_or_others_does_not_matter():
    assert access(ALLOWING, a_statement(PULLER, "ecr:PutImage", effect="Deny")) is Access.ALLOWED
    assert access(ALLOWING, a_statement(MIKA, "*", effect="Deny")) is Access.ALLOWED


def test_a_condition_on_the_allow_makes_it_conditional_and_says_which():
    verdict = evaluate(a_policy(a_statement("*", Condition=FROM_OFFICE)), PULLER)
    assert verdict.access is Access.CONDITIONAL
    assert verdict.conditions == ("IpAddress aws:SourceIp = 203.0.113.0/24",)
    assert verdict.keys == ("aws:SourceIp",)


def test_an_unconditional_allow_beside_it_makes_it_firm():
    assert access(a_statement("*", Condition=FROM_OFFICE), ALLOWING) is Access.ALLOWED


def test_a_deny_with_a_condition_makes_it_conditional():
    offices = {"NotIpAddress": {"aws:SourceIp": ["198.51.100.0/24", "203.0.113.0/24"]}}
    verdict = evaluate(a_policy(ALLOWING, a_statement("*", "*", effect="Deny", Condition=offices)), PULLER)
    assert (verdict.access, verdict.code) == (Access.CONDITIONAL, "verdict.maybe_denied")
    assert verdict.conditions == ("NotIpAddress aws:SourceIp = 198.51.100.0/24, 203.0.113.0/24",)


def test_an_empty_condition_is_none():
    assert access(a_statement(PULLER, Condition={})) is Access.ALLOWED


@pytest.mark.parametrize("left_out", [MIKA, PULLER])
def test_an_allow_for_all_but_some_allows_nobody(left_out):
    assert access({"Effect": "Allow", "NotPrincipal": {"AWS": left_out}, "Action": PULL}) is Access.NOT_ALLOWED


@pytest.mark.parametrize(
    "left_out, expected",
    [
        ([PULLER, LIGHTSAIL_ROOT], "conditional"),
        ([PULLER], "conditional"),
        ([LIGHTSAIL_ROOT], "denied"),
        ([MIKA], "denied"),
        (["*"], "allowed"),
    ],
)
def test_a_deny_for_all_but_some_spares_a_role_for_sure_only_with_its_session(left_out, expected):
    deny = {"Effect": "Deny", "NotPrincipal": {"AWS": left_out}, "Action": "ecr:*"}
    assert access(ALLOWING, deny) is Access(expected)


@pytest.mark.parametrize(
    "resource, expected",
    [
        ("*", "allowed"),
        (REPOSITORY, "allowed"),
        (["x", REPOSITORY[:-3] + "*"], "allowed"),
        (REPOSITORY[:-1], "not_allowed"),
    ],
)
def test_a_resource_counts_where_the_repository_is_known(resource, expected):
    assert access(a_statement(PULLER, Resource=resource), repository_arn=REPOSITORY) is Access(expected)


def test_a_resource_is_a_condition_where_the_repository_is_not_known():
    verdict = evaluate(a_policy(a_statement(PULLER, Resource=REPOSITORY)), PULLER)
    assert (verdict.access, verdict.conditions) == (Access.CONDITIONAL, (f"Resource = {REPOSITORY}",))


def test_not_this_resource_leaves_it_out():
    assert access(a_statement(PULLER, NotResource="*"), repository_arn=REPOSITORY) is Access.NOT_ALLOWED
    assert access(a_statement(PULLER, NotResource="other"), repository_arn=REPOSITORY) is Access.ALLOWED


def test_a_statement_that_is_a_single_object_counts():
    assert evaluate(json.dumps({"Statement": ALLOWING}), PULLER).access is Access.ALLOWED


def test_a_deny_whose_condition_applies_says_so():
    outsiders = {"StringNotEquals": {"aws:PrincipalOrgID": "o-qwerty1234"}}
    verdict = evaluate(a_policy(ALLOWING, a_statement("*", effect="Deny", sid="Ours", Condition=outsiders)), PULLER)
    assert verdict.sentence == (
        "Statement #2 (Ours) explicitly denies ecr:BatchGetImage, ecr:GetDownloadUrlForLayer, and its condition applies "
        "to this principal: StringNotEquals aws:PrincipalOrgID = o-qwerty1234. An explicit deny overrides any allow."
    )
    always = a_statement(PULLER, effect="Deny")
    text = a_policy(always, a_statement("*", effect="Deny", Condition=outsiders))
    assert evaluate(text, PULLER).code == "verdict.denied_named"

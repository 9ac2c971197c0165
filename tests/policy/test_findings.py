import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.policy.findings import findings
from app.policy.messages import say
from app.policy.missing_principals import suspects
from tests.policy.build import a_policy, a_statement, any_policy
from tests.policy.names import (
    DEAD,
    FROM_OFFICE,
    GENERAL,
    IN_ORGANISATION,
    LIGHTSAIL,
    MIKA,
    OLD_PULLER,
    OTHER_PULLER,
    PULL,
    PULLER,
)


def codes(*statements, **asked):
    return [one.code for one in findings(a_policy(*statements), **asked)]


def under_service(name):
    return {**a_statement(), "Principal": {"Service": name}}


def test_a_clean_policy_has_none():
    assert codes(a_statement(PULLER), a_statement(OTHER_PULLER), service="shop", role=PULLER) == []


def test_no_policy_has_none():
    assert findings(None, service="shop", role=PULLER) == ()


def test_the_services_general_role_is_the_wrong_one():
    (one,) = findings(a_policy(a_statement([MIKA, GENERAL], sid="Guess")))
    assert (one.code, one.principal, one.statement) == ("finding.general_role", GENERAL, 0)
    assert say(one.code, one.params).startswith(
        "Statement #1 (Guess) names the principal ARN of the container service shop itself."
    )


def test_an_arn_that_aws_gave_as_the_puller_is_never_called_wrong():
    assert codes(a_statement(GENERAL), service="shop", role=GENERAL) == []


def test_a_puller_of_the_same_service_that_is_not_the_present_one_is_stale():
    assert codes(a_statement(OLD_PULLER), service="shop", role=PULLER) == ["finding.stale_role"]


@pytest.mark.parametrize(
    "asked",
    [
        {"service": "blog", "role": OTHER_PULLER},
        {"service": "shop"},
        {},
        {"service": "shop", "role": PULLER.replace("eu-west-1", "us-east-1")},
        {"service": "shop", "role": "", "region": "us-east-1"},
        {"service": "shop", "role": PULLER.replace(LIGHTSAIL, "600700800900")},
    ],
)
def test_a_puller_of_another_service_or_region_or_of_one_not_known_is_left_in_peace(asked):
    assert codes(a_statement(OLD_PULLER), **asked) == []


def test_a_puller_of_a_service_whose_role_is_inactive_is_told():
    assert codes(a_statement(OLD_PULLER), service="shop", region="eu-west-1", role="") == ["finding.inactive_role"]


@pytest.mark.parametrize("value", [DEAD, "AIDAQWERTYUIOPASDFGHJ"])
def test_the_id_of_a_deleted_identity_is_told_wherever_it_stands(value):
    left_out = {"Effect": "Deny", "NotPrincipal": {"AWS": value}, "Action": "ecr:PutImage"}
    assert codes(a_statement([value, MIKA]), left_out) == ["finding.deleted_principal"] * 2


@pytest.mark.parametrize("value", ["None", "", "aws:ecr", "arn:aws:iam::*:role/Admin"])
def test_a_value_that_is_no_principal_is_told(value):
    assert codes(a_statement(value)) == ["finding.no_principal"]


@pytest.mark.parametrize(
    "name", ["lightsail.amazonaws.com", "containerservices.lightsail.amazonaws.com", "Lightsail.amazonaws.com"]
)
def test_a_guessed_service_principal_of_lightsail_is_told(name):
    assert codes(under_service(name)) == ["finding.guessed_service"]
    assert codes(under_service("lambda.amazonaws.com")) == []


@pytest.mark.parametrize(
    "statement, code",
    [
        (a_statement("*"), "finding.everyone_pulls"),
        (a_statement(["*", MIKA]), "finding.everyone_pulls"),
        (a_statement("*", "ecr:*"), "finding.everyone_writes"),
        (a_statement("*", ["ecr:PutImage"]), "finding.everyone_pushes"),
        (a_statement("*", Condition={"Bool": {"aws:SecureTransport": "true"}}), "finding.everyone_pulls"),
        ({"Effect": "Allow", "NotPrincipal": {"AWS": MIKA}, "Action": PULL}, "finding.allow_not_principal"),
        (a_statement(action=["ecr:ReplicateImage"], Resource="*"), "finding.registry_policy"),
    ],
)
def test_a_statement_that_is_wrong_or_open_to_everyone_is_told(statement, code):
    assert codes(statement) == [code]


@pytest.mark.parametrize(
    "statement",
    [
        a_statement("*", Condition=IN_ORGANISATION),
        a_statement("*", "ecr:*", effect="Deny"),
        a_statement("*", "ecr:ListImages"),
    ],
)
def test_what_is_open_only_in_looks_is_not(statement):
    assert codes(statement) == []


def test_actions_that_do_nothing_are_told():
    found = findings(a_policy(a_statement(action=["ecr: PutImage", "ecr:GetAuthorizationToken", *PULL])))
    assert {one.code for one in found} == {"finding.odd_action", "finding.token_action"}
    assert {"action": "ecr: PutImage", "statement": "#1"} in [one.params for one in found]


def test_a_sid_used_twice_and_a_resource_are_told():
    found = codes(a_statement(sid="Same", Resource="*"), a_statement(PULLER, sid="Same"))
    assert found == ["finding.resource_element", "finding.shared_sid", "finding.shared_sid"]


@pytest.mark.parametrize(
    "statements, code",
    [
        ([a_statement(PULLER, PULL[0])], "finding.half_granted"),
        ([a_statement(PULLER, "ecr:PutImage")], "finding.half_granted"),
        ([a_statement(PULLER), a_statement("*", "ecr:*", effect="Deny")], "finding.denied"),
        ([a_statement(PULLER, Condition=FROM_OFFICE)], "finding.conditional"),
        ([a_statement(PULLER, Condition=IN_ORGANISATION)], "verdict.condition_not_met"),
    ],
)
def test_what_keeps_the_named_role_from_pulling_is_told(statements, code):
    assert codes(*statements, service="shop", role=PULLER) == [code]
    assert codes(*statements) == []


def test_a_policy_near_the_limit_is_told_with_the_numbers():
    (one,) = findings(a_policy(a_statement(Note="x" * 9_300)))
    assert (one.code, one.params["limit"]) == ("finding.near_limit", 10_240)


def test_a_wreck_is_told_by_what_is_wrong_with_it():
    text = a_policy(a_statement()) + "," + a_policy(a_statement(PULLER))
    assert [one.code for one in findings(text)] == ["mend.pasted_documents"]


def test_a_text_beyond_mending_is_told():
    (one,) = findings("{ nothing")
    assert (one.code, one.params) == ("finding.unreadable", {"problem": "policy.not_json"})


@given(st.one_of(any_policy(), st.text(), st.builds(json.dumps, st.dictionaries(st.text(), st.text()))))
def test_they_never_raise_and_all_have_words(text):
    said = [say(one.code, one.params) for one in findings(text, service="shop", role=PULLER)]
    assert all(said)


def test_suspects_come_likeliest_first_without_ours():
    text = a_policy(
        a_statement(["arn:aws:iam::220022002200:role/ci", PULLER, OTHER_PULLER, "220022002200", "*"]),
        under_service(["lambda.amazonaws.com", "lightsail.amazonaws.com"]),
        a_statement(["None", DEAD], effect="Deny"),
    )
    role = "arn:aws:iam::220022002200:role/ci"
    likely = [DEAD, "None", "lightsail.amazonaws.com", OTHER_PULLER, role, "220022002200"]
    assert [one.value for one in suspects(text, ours=[PULLER])] == likely


def test_a_policy_of_ours_alone_has_no_suspects():
    assert suspects(a_policy(a_statement(PULLER)), ours=[PULLER]) == ()
    assert suspects(None) == ()

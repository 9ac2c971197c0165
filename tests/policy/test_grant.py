import json

import pytest
from hypothesis import given

from app.errors import Problem
from app.policy.canonical import equivalent
from app.policy.evaluate import evaluate
from app.policy.finding import Severity
from app.policy.grant import granting, plan_grant
from app.policy.revoke import plan_revoke
from app.policy.verdict import Access
from tests.policy.build import a_policy, a_statement, any_policy, statements, statements_of
from tests.policy.names import (
    DEAD,
    GENERAL,
    IN_ORGANISATION,
    LIGHTSAIL_ROOT,
    MIKA,
    OLD_PULLER,
    OTHER_PULLER,
    PULL,
    PULLER,
)

ANY_NAMED = statements(open_to_others=False)


def grant(text, **more):
    return plan_grant(text, principal_arn=PULLER, service="shop", **more)


def test_a_repository_without_a_policy_gets_the_guides():
    change = grant(None)
    assert json.loads(change.after) == granting(PULLER, "shop").members
    assert json.loads(change.after)["Version"] == "2008-10-17"


def test_an_existing_policy_keeps_its_version_and_gets_ours_behind_its_own():
    text = a_policy(a_statement(sid="Team"), version="2012-10-17", Id="x")
    assert json.loads(grant(text).after) == json.loads(text) | {
        "Statement": [a_statement(sid="Team"), a_statement(PULLER, sid="AllowLightsailPull-shop")]
    }


def test_a_single_statement_object_becomes_the_first_of_a_list():
    text = json.dumps({"Statement": a_statement(sid="Alone")})
    assert [one["Sid"] for one in statements_of(grant(text).after)] == ["Alone", "AllowLightsailPull-shop"]


def test_a_sid_held_by_a_foreign_statement_is_left_to_it():
    foreign = a_statement(MIKA, sid="AllowLightsailPull-shop")
    change = grant(a_policy(foreign))
    assert statements_of(change.after)[0] == foreign
    assert change.added[0]["Sid"] == "AllowLightsailPull2-shop"


def test_another_service_with_the_guides_shared_sid_is_no_grant_of_ours():
    assert grant(a_policy(a_statement(OTHER_PULLER, sid="AllowLightsailPull-shop"))).needed


@given(any_policy())
def test_adding_twice_changes_nothing_and_writes_nothing(text):
    once = grant(text)
    twice = grant(once.after)
    assert (twice.needed, twice.after) == (False, once.after)


@given(any_policy())
def test_every_foreign_statement_stays_as_it_was_in_its_place(text):
    before, after = statements_of(text), statements_of(grant(text).after)
    assert json.dumps(after[: len(before)]) == json.dumps(before)
    assert after[len(before) :] == list(grant(text).added)


@given(any_policy())
def test_after_a_grant_the_role_may_pull_unless_a_deny_speaks_of_it(text):
    change = grant(text)
    denying = [one for one in statements_of(text) if one["Effect"] == "Deny"]
    assert evaluate(change.after, PULLER).access is Access.ALLOWED or denying
    assert (evaluate(change.after, PULLER).access is Access.ALLOWED) == (
        not [one for one in change.leftovers if one.code in ("grant.denied", "grant.maybe_denied")]
    )


@given(any_policy(ANY_NAMED))
def test_a_revoke_takes_back_exactly_a_grant(text):
    after = plan_revoke(grant(text).after, principals=[PULLER]).after
    original = {**json.loads(text), "Statement": statements_of(text)}
    assert json.dumps({**json.loads(after), "Statement": statements_of(after)}) == json.dumps(original)


@pytest.mark.parametrize(
    "statement, code",
    [
        (a_statement("*"), "grant.covered_everyone"),
        (a_statement(["*", MIKA]), "grant.covered_everyone"),
        (a_statement(LIGHTSAIL_ROOT, "ecr:*"), "grant.covered_account"),
    ],
)
def test_a_role_that_is_covered_already_needs_nothing_and_is_told_by_what(statement, code):
    change = grant(a_policy(statement))
    assert not change.needed
    assert [one.code for one in change.leftovers] == [code]


def test_a_role_named_by_two_statements_for_one_action_each_needs_nothing():
    assert not grant(a_policy(*(a_statement(PULLER, action) for action in PULL))).needed


@pytest.mark.parametrize(
    "statement",
    [a_statement(PULLER, PULL[0]), a_statement("*", Condition=IN_ORGANISATION), a_statement("*", "ecr:Put*")],
)
def test_what_allows_only_a_part_or_under_a_condition_is_not_enough(statement):
    assert [one["Principal"] for one in grant(a_policy(statement)).added] == [{"AWS": PULLER}]


def test_a_deny_that_beats_the_grant_is_told():
    (finding,) = grant(a_policy(a_statement(PULLER, "ecr:*", effect="Deny", sid="Never"))).leftovers
    assert (finding.code, finding.params["statement"]) == ("grant.denied", "#1 (Never)")
    assert finding.severity is Severity.ERROR


@pytest.mark.parametrize("arn", ["", "None", "null", "947856326339", "AROAQWERTYUIOPASDFGHJ", "*"])
def test_what_is_no_roles_arn_is_never_written(arn):
    with pytest.raises(Problem) as refused:
        plan_grant(None, principal_arn=arn, service="shop")
    assert refused.value.code == "policy.no_puller"


def test_the_service_is_opaque_to_an_arn_of_unknown_form():
    arn = "arn:aws:iam::947856326339:role/some/new/path"
    assert plan_grant(None, principal_arn=arn, service="shop").added[0]["Principal"] == {"AWS": arn}


@pytest.mark.parametrize("dead", [OLD_PULLER, DEAD, GENERAL])
def test_a_dead_or_wrong_principal_is_replaced_in_its_place_in_the_same_write(dead):
    text = a_policy(a_statement(sid="A"), a_statement(dead, sid="AllowLightsailPull-shop"), a_statement(sid="Z"))
    after = statements_of(grant(text, replaces=[dead]).after)
    assert after == [a_statement(sid="A"), a_statement(PULLER, sid="AllowLightsailPull-shop"), a_statement(sid="Z")]


def test_ours_stands_where_the_first_of_several_replaced_stood():
    text = a_policy(a_statement(DEAD), a_statement(sid="A"), a_statement(OLD_PULLER), a_statement(sid="Z"))
    after = statements_of(grant(text, replaces=[OLD_PULLER, DEAD]).after)
    assert [one.get("Sid") for one in after] == ["AllowLightsailPull-shop", "A", "Z"]


def test_replacing_keeps_the_others_of_a_shared_statement():
    text = a_policy(a_statement([MIKA, OLD_PULLER], sid="Shared"))
    change = grant(text, replaces=[OLD_PULLER])
    assert change.changed == ((statements_of(text)[0], a_statement([MIKA], sid="Shared")),)
    assert [one["Principal"] for one in change.added] == [{"AWS": PULLER}]


def test_replacing_takes_the_dead_out_of_denies_too_since_ecr_refuses_it_anywhere():
    left_out = {"Effect": "Deny", "NotPrincipal": {"AWS": [MIKA, DEAD]}, "Action": "ecr:PutImage"}
    text = a_policy(a_statement(DEAD, "*", effect="Deny"), left_out)
    change = grant(text, replaces=[DEAD])
    assert DEAD not in change.after
    assert statements_of(change.after)[1]["NotPrincipal"] == {"AWS": [MIKA]}


def test_a_deny_of_the_general_role_which_lives_stays():
    deny = a_statement([GENERAL], "ecr:*", effect="Deny", sid="Never")
    left_out = {"Effect": "Deny", "NotPrincipal": {"AWS": [MIKA, GENERAL]}, "Action": "ecr:PutImage"}
    change = grant(a_policy(deny, left_out, a_statement(GENERAL)), replaces=[GENERAL])
    assert statements_of(change.after)[:2] == [deny, left_out]
    assert [one["Principal"] for one in statements_of(change.after)[2:]] == [{"AWS": PULLER}]


def test_only_the_dead_goes_where_the_role_is_granted_already():
    text = a_policy(a_statement(PULLER, sid="Ours"), a_statement(OLD_PULLER))
    change = grant(text, replaces=[OLD_PULLER, PULLER])
    assert statements_of(change.after) == [a_statement(PULLER, sid="Ours")]


def test_nothing_to_replace_and_nothing_to_add_writes_nothing():
    assert not grant(a_policy(a_statement(PULLER)), replaces=[OLD_PULLER]).needed


def test_a_plan_shows_the_text_it_was_made_on_and_the_text_to_send():
    text = a_policy(a_statement())
    change = grant(text)
    assert change.before == text
    assert not equivalent(change.before, change.after)

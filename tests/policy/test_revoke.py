import json

import pytest
from hypothesis import given

from app.policy.evaluate import evaluate
from app.policy.grant import plan_grant
from app.policy.principals import principals_of
from app.policy.revoke import plan_prune, plan_revoke
from app.policy.verdict import Access
from tests.policy.build import ANY_OR_OURS, a_policy, a_statement, any_policy, statements_of
from tests.policy.names import DEAD, FROM_OFFICE, IN_ORGANISATION, LIGHTSAIL_ROOT, MIKA, OTHER_PULLER, PULL, PULLER

WITH_US = any_policy(ANY_OR_OURS)


def revoke(*statements, principals=(PULLER,)):
    return plan_revoke(a_policy(*statements), principals=principals)


def test_the_last_statement_takes_the_policy_with_it():
    change = revoke(a_statement(PULLER))
    assert (change.needed, change.after) == (True, None)


def test_a_role_that_is_not_named_needs_nothing():
    change = revoke(a_statement(MIKA))
    assert (change.needed, change.after) == (False, change.before)


def test_no_policy_needs_nothing():
    assert not plan_revoke(None, principals=[PULLER]).needed


def test_others_in_a_shared_statement_keep_their_access():
    assert statements_of(revoke(a_statement([MIKA, PULLER], sid="Team")).after) == [a_statement([MIKA], sid="Team")]


def test_it_goes_out_of_every_statement_that_allows_it_by_name_whatever_the_sid():
    conditional = a_statement(PULLER, Condition=IN_ORGANISATION)
    change = revoke(a_statement(PULLER, "ecr:PutImage", sid="Odd"), a_statement(), conditional, a_statement([PULLER]))
    assert statements_of(change.after) == [a_statement()]
    assert len(change.removed) == 3


def test_a_service_whose_name_ends_alike_keeps_its_grant():
    other = a_statement(OTHER_PULLER, sid="AllowLightsailPull-my-shop")
    assert statements_of(revoke(a_statement(PULLER, sid="AllowLightsailPull-shop"), other).after) == [other]


def test_several_principals_go_at_once_whatever_they_stand_under():
    guessed = {**a_statement(), "Principal": {"Service": "lightsail.amazonaws.com", "AWS": MIKA}}
    change = revoke(a_statement([PULLER, DEAD]), guessed, principals=[PULLER, DEAD, "lightsail.amazonaws.com"])
    assert statements_of(change.after) == [a_statement(MIKA)]


@given(WITH_US)
def test_no_allow_names_it_afterwards_and_everything_else_is_as_it_was(text):
    after = plan_revoke(text, principals=[PULLER]).after
    allowing = [one for one in statements_of(after or a_policy()) if one["Effect"] == "Allow" and "Principal" in one]
    assert PULLER not in json.dumps(allowing)
    untouched = [one for one in statements_of(text) if PULLER not in json.dumps(one) or one["Effect"] == "Deny"]
    assert [one for one in statements_of(after or a_policy()) if one in untouched] == untouched


@given(WITH_US)
def test_what_it_can_still_do_is_said(text):
    change = plan_revoke(text, principals=[PULLER])
    can = evaluate(change.after, PULLER).access in (Access.ALLOWED, Access.CONDITIONAL)
    assert not can or any(one.code.startswith("revoke.still_") for one in change.leftovers)


@given(WITH_US)
def test_revoking_twice_changes_nothing_more(text):
    once = plan_revoke(text, principals=[PULLER]).after
    assert not plan_revoke(once, principals=[PULLER]).needed


@pytest.mark.parametrize(
    "statement, code",
    [
        (a_statement("*"), "revoke.still_everyone"),
        (a_statement(["*"], Condition=FROM_OFFICE), "revoke.still_everyone_if"),
        (a_statement(LIGHTSAIL_ROOT), "revoke.still_account"),
        (a_statement(PULLER, "ecr:*", effect="Deny"), "revoke.deny_stays"),
        ({"Effect": "Deny", "NotPrincipal": {"AWS": PULLER}, "Action": "ecr:PutImage"}, "revoke.exempt_stays"),
    ],
)
def test_what_cannot_be_taken_away_that_way_is_said(statement, code):
    change = revoke(statement)
    assert not change.needed
    assert [one.code for one in change.leftovers] == [code]


def test_what_a_deny_or_a_condition_keeps_from_pulling_is_not_said_to_pull():
    denied = revoke(a_statement("*"), a_statement(LIGHTSAIL_ROOT, effect="Deny"))
    elsewhere = revoke(a_statement("*", Condition=IN_ORGANISATION), a_statement("*", PULL[0]))
    assert (denied.leftovers, elsewhere.leftovers) == ((), ())


def test_a_deny_for_everyone_or_the_account_is_no_way_to_pull():
    change = revoke(a_statement("*", effect="Deny"), a_statement(LIGHTSAIL_ROOT, effect="Deny"))
    assert change.leftovers == ()


def test_everyone_is_never_revoked():
    assert not revoke(a_statement("*"), a_statement(["*"]), principals=["*"]).needed


def test_a_pruned_principal_is_named_nowhere_any_more():
    left_out = {"Effect": "Deny", "NotPrincipal": {"AWS": [DEAD, MIKA]}, "Action": "ecr:PutImage"}
    text = a_policy(a_statement([DEAD, MIKA]), a_statement(DEAD, effect="Deny"), left_out)
    change = plan_prune(text, [DEAD])
    assert [one.value for one in principals_of(change.after)] == [MIKA]
    assert not change.leftovers


def test_pruning_the_only_statement_deletes_the_policy():
    change = plan_prune(a_policy(a_statement(DEAD)), [DEAD])
    assert (change.needed, change.after) == (True, None)


def test_a_statement_that_leaves_out_only_the_dead_is_left_to_a_person():
    change = plan_prune(a_policy({"Effect": "Deny", "NotPrincipal": {"AWS": DEAD}, "Action": "*"}), [DEAD])
    assert not change.needed
    assert [one.code for one in change.leftovers] == ["prune.only_excluded"]


@given(any_policy())
def test_pruning_nobody_there_changes_nothing(text):
    assert plan_prune(text, [PULLER]).after == text


def test_pruning_no_policy_needs_nothing():
    assert not plan_prune(None, [DEAD]).needed


def test_after_a_prune_a_grant_names_no_suspect():
    text = a_policy(a_statement(DEAD), a_statement("*", "ecr:PutImage"))
    change = plan_grant(plan_prune(text, [DEAD]).after, principal_arn=PULLER, service="shop")
    assert DEAD not in change.after

"""Policies like those that people have reported, reduced to the minimum."""

from datetime import UTC, datetime, timedelta

import pytest

from app.policy.document import parse, size_of
from app.policy.evaluate import evaluate
from app.policy.findings import findings
from app.policy.grant import plan_grant
from app.policy.missing_principals import unfound
from app.policy.principals import dead_principals
from app.policy.refusal import refusal_reasons
from app.policy.revoke import plan_prune
from app.policy.room import make_room
from app.policy.verdict import Access
from app.policy.who_can_pull import readers
from tests.policy.build import NOW, a_policy, a_statement, statements_of
from tests.policy.names import LIGHTSAIL, PULL, PULLER

PUSH = ["ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"]


def grant(text, **more):
    return plan_grant(text, principal_arn=PULLER, service="shop", **more)


def codes(found):
    return [one.code for one in found]


def deny(**condition):
    return a_policy(a_statement("*", "ecr:*", effect="Deny", sid="Perimeter", Condition=condition))


def test_all_of_an_account_by_a_star_is_named_and_can_be_taken_out():
    text = a_policy(a_statement(["arn:aws:iam::111122223333:*", "arn:aws:iam::444455556666:*"], sid="OrgRead"))
    stars = [one.value for one in dead_principals(text)]
    assert stars == ["arn:aws:iam::111122223333:*", "arn:aws:iam::444455556666:*"]
    assert [one.principal for one in refusal_reasons(grant(text).after)] == stars
    change = plan_prune(text, stars)
    assert (change.needed, change.after) == (True, None)


def test_a_policy_full_of_accounts_is_told_by_how_much_and_what_makes_room():
    accounts = [f"arn:aws:iam::{100000000000 + 7 * number}:root" for number in range(310)]
    text = a_policy(a_statement(accounts, sid="Partners"))
    assert size_of(text) > 10_240
    (shorter,) = make_room(parse(text))
    assert (shorter.code, shorter.saved) == ("room.shorter", 310 * 18)
    assert size_of(shorter.document) < 10_240 - 350


def test_a_service_with_a_source_arn_keeps_its_condition_and_a_grant_beside_it_holds():
    functions = {"StringLike": {"aws:sourceArn": "arn:aws:lambda:us-east-1:111122223333:function:*"}}
    statement = {**a_statement(Condition=functions), "Principal": {"Service": "lambda.amazonaws.com"}}
    after = grant(a_policy(statement)).after
    assert statements_of(after)[0] == statement
    assert evaluate(after, PULLER, now=NOW).access is Access.ALLOWED
    assert readers(after)[0].access is Access.CONDITIONAL


@pytest.mark.parametrize(
    "condition",
    [
        {"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}},
        {"StringNotEquals": {"aws:PrincipalAccount": ["111122223333", "444455556666"]}},
        {"DateGreaterThan": {"aws:CurrentTime": "2025-01-01T00:00:00Z"}},
    ],
)
def test_a_deny_that_reaches_the_puller_is_known_before_anything_is_written(condition):
    change = grant(deny(**condition), now=NOW)
    assert codes(change.leftovers) == ["grant.denied"]
    assert evaluate(change.after, PULLER, now=NOW).access is Access.DENIED


def test_a_deny_of_what_no_pull_does_changes_nothing():
    change = grant(deny(Bool={"aws:SecureTransport": "false"}))
    assert change.leftovers == ()
    assert evaluate(change.after, PULLER).access is Access.ALLOWED


@pytest.mark.parametrize(
    "operator, when, access, code",
    [
        ("DateLessThan", "2025-01-01T00:00:00Z", "not_allowed", "verdict.allow_ended"),
        ("DateGreaterThan", "2027-01-01T00:00:00Z", "not_allowed", "verdict.allow_not_started"),
        ("DateLessThan", "2027-01-01T00:00:00Z", "allowed", "verdict.allowed_named"),
    ],
)
def test_an_allow_with_a_date_says_when(operator, when, access, code):
    statement = a_statement(PULLER, sid="Temporary", Condition={operator: {"aws:CurrentTime": when}})
    verdict = evaluate(a_policy(statement), PULLER, now=NOW)
    assert (verdict.access, verdict.code) == (access, code)
    assert access == "allowed" or when in verdict.sentence


def test_an_allow_that_will_end_is_not_enough_for_a_grant():
    ending = a_statement(PULLER, Condition={"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}})
    assert grant(a_policy(ending), now=NOW).needed


def test_of_several_ends_the_last_one_counts():
    ends = ["2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"]
    statement = a_statement(PULLER, Condition={"DateLessThan": {"aws:CurrentTime": ends}})
    assert evaluate(a_policy(statement), PULLER, now=NOW).params["when"] == ends[1]


@pytest.mark.parametrize(
    "operator, seconds, shown",
    [
        ("NumericLessThan", "1700000000", "1700000000 (2023-11-14T22:13:20Z)"),
        ("NumericGreaterThan", "999999999999", "999999999999"),
    ],
)
def test_a_time_in_seconds_is_shown_as_a_date_too(operator, seconds, shown):
    statement = a_statement(PULLER, Condition={operator: {"aws:EpochTime": seconds}})
    assert evaluate(a_policy(statement), PULLER, now=NOW).params["when"] == shown


def test_the_clock_is_the_one_that_is_given():
    ends = datetime(2026, 1, 1, tzinfo=UTC)
    text = a_policy(a_statement(PULLER, Condition={"DateLessThan": {"aws:CurrentTime": ends.isoformat()}}))
    before, after = (evaluate(text, PULLER, now=ends + timedelta(seconds=seconds)).access for seconds in (-1, 1))
    assert (before, after) == ("allowed", "not_allowed")
    assert evaluate(text, PULLER).access is Access.CONDITIONAL


def test_a_session_is_a_principal_like_others():
    text = a_policy(a_statement("arn:aws:sts::111122223333:assumed-role/builder/ci-run-17", sid="Ci"))
    assert refusal_reasons(grant(text).after) == ()
    assert [one.access for one in readers(text)] == ["allowed"]


def test_a_registry_policy_on_a_repository_is_recognised():
    statement = a_statement(
        "arn:aws:iam::111122223333:root",
        ["ecr:CreateRepository", "ecr:ReplicateImage"],
        Resource=["arn:aws:ecr:us-east-1:123456789012:repository/*"],
    )
    text = a_policy(statement)
    assert codes(refusal_reasons(grant(text).after)) == ["refusal.registry_policy"]
    assert codes(findings(text)) == ["finding.registry_policy"]


def test_where_everyone_may_push_a_grant_warns_of_it():
    change = grant(a_policy(a_statement("*", [*PULL, *PUSH], sid="AllowPushPull")))
    assert not change.needed
    assert codes(change.leftovers) == ["grant.covered_everyone", "finding.everyone_pushes"]


def test_of_a_closed_account_its_root_is_suspected_at_once_and_never_our_role():
    partners = ["arn:aws:iam::444455556666:root", "arn:aws:iam::777788889999:root"]
    text = a_policy(a_statement(partners, sid="Partner"))
    found = unfound(text, grant(text).after, fresh=False, ours=[PULLER])
    assert [one.value for one in found.every] == partners
    assert found.dead or not found.fresh


def test_the_account_of_a_role_that_is_not_known_yet_decides_nothing():
    not_yet = PULLER.replace(LIGHTSAIL, "000000000000")
    others = a_statement("*", effect="Deny", Condition={"StringNotEquals": {"aws:PrincipalAccount": [LIGHTSAIL]}})
    text = a_policy(others, a_statement(not_yet))
    verdict = evaluate(text, not_yet)
    assert (verdict.access, verdict.keys) == (Access.CONDITIONAL, ("aws:PrincipalAccount",))
    assert evaluate(text.replace(not_yet, PULLER), PULLER).access is Access.ALLOWED

import json

import pytest
from hypothesis import given

from app.policy.document import parse, size_of
from app.policy.evaluate import evaluate
from app.policy.grant import plan_grant
from app.policy.messages import WORDS
from app.policy.revoke import plan_revoke
from app.policy.room import make_room
from tests.policy.build import ANY_OR_OURS, IDENTITIES, a_policy, a_statement, any_policy, statements_of
from tests.policy.names import LIGHTSAIL_ROOT, MIKA, OTHER_PULLER, PULLER

ACCOUNTS = [f"arn:aws:iam::{100000000000 + 7 * number}:root" for number in range(255)]


def proposals(*statements):
    return {proposal.code: proposal for proposal in make_room(parse(a_policy(*statements)))}


def said(document):
    """Every right and every refusal, one by one."""
    return {
        (
            json.dumps(
                {**statement, "Principal": 0, "Sid": 0, "Action": sorted({*listed(statement, "Action")})},
                sort_keys=True,
            ),
            who,
        )
        for statement in document.statements
        for who in principals(statement)
    }


def listed(statement, name):
    value = statement.get(name, [])
    return [value] if isinstance(value, str) else value


def principals(statement):
    principal = statement.get("Principal", "*")
    named = principal.get("AWS", []) if isinstance(principal, dict) else principal
    return [
        one.removeprefix("arn:aws:iam::").removesuffix(":root")
        for one in ([named] if isinstance(named, str) else named)
    ]


@given(any_policy(ANY_OR_OURS))
def test_whoever_could_pull_still_can_and_nobody_else(text):
    document = parse(text)
    for proposal in make_room(document):
        made = json.dumps(proposal.document.members)
        for identity in (*IDENTITIES, PULLER):
            assert evaluate(made, identity).access is evaluate(text, identity).access
        assert proposal.saved == size_of(document) - size_of(proposal.document) > 0
        assert proposal.code in WORDS


def test_no_right_of_any_kind_is_dropped():
    pushing = [a_statement(ACCOUNTS[:9], ["ecr:PutImage", "ecr:PutImage"], sid=f"Push{number}") for number in range(3)]
    document = parse(a_policy(*pushing, a_statement(ACCOUNTS[3:20], ["ecr:PutImage"]), a_statement(MIKA)))
    assert {frozenset(said(proposal.document)) for proposal in make_room(document)} == {frozenset(said(document))}


def test_a_policy_full_of_accounts_takes_them_by_their_ids():
    found = proposals(a_statement(ACCOUNTS, sid="Partners"))
    assert found["room.shorter"].saved == 255 * len("arn:aws:iam::" + ":root")
    assert plan_grant(json.dumps(found["room.shorter"].document.members), principal_arn=PULLER, service="shop").needed


def test_our_statements_for_several_services_become_one_that_each_can_be_revoked_from():
    ours = [
        a_statement(arn, sid=f"AllowLightsailPull-{sid}") for arn, sid in ((PULLER, "shop"), (OTHER_PULLER, "blog"))
    ]
    merged = proposals(*ours, a_statement(MIKA, sid="Team"))["room.pullers"].document
    assert [one.get("Sid") for one in merged.statements] == ["AllowLightsailPull", "Team"]
    text = json.dumps(merged.members)
    assert evaluate(text, PULLER).access == evaluate(text, OTHER_PULLER).access == "allowed"
    left = statements_of(plan_revoke(text, principals=[PULLER]).after)
    assert left[0]["Principal"] == {"AWS": [OTHER_PULLER]}


def test_statements_that_differ_in_their_principals_alone_are_merged_and_others_are_not():
    team, partner = a_statement(MIKA, sid="Team"), a_statement(LIGHTSAIL_ROOT, sid="Partner")
    denied = a_statement(MIKA, effect="Deny")
    merged = proposals(team, partner, denied)["room.same_statements"].document
    assert merged.statements == (a_statement([MIKA, LIGHTSAIL_ROOT], sid="Team"), denied)


@pytest.mark.parametrize("statement", [a_statement("*"), a_statement(MIKA, "ecr:*", sid="Short")])
def test_what_is_short_already_has_no_proposal(statement):
    assert proposals(statement) == {}

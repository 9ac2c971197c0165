import json

import pytest
from hypothesis import given

from app.policy.evaluate import Evaluator, evaluate
from app.policy.matching import PullPrincipal
from app.policy.principals import PrincipalKind
from app.policy.verdict import Access
from app.policy.who_can_pull import readers
from tests.policy.build import ANY_OR_OURS, a_policy, a_statement, any_policy
from tests.policy.names import DEAD, IN_ORGANISATION, MIKA, PULL, PULLER
from tests.policy.oracle import may_pull


def table(*statements):
    return [(one.value, one.access.value) for one in readers(a_policy(*statements))]


def test_everybody_named_is_told_once_in_the_policys_order():
    found = readers(a_policy(a_statement([MIKA, PULLER], sid="A"), a_statement(PULLER), a_statement(DEAD)))
    assert [(one.kind, one.statements) for one in found] == [
        (PrincipalKind.USER, ("#1 (A)",)),
        (PrincipalKind.PULLER, ("#1 (A)", "#2")),
        (PrincipalKind.UNIQUE_ID, ("#3",)),
    ]


def test_a_puller_tells_its_service_and_region():
    (one,) = readers(a_policy(a_statement(PULLER)))
    assert (one.service, one.region) == ("shop", "eu-west-1")


def test_who_is_denied_or_named_for_something_else_is_told_too():
    denied = a_statement(MIKA, "ecr:*", effect="Deny")
    assert table(a_statement(MIKA), denied, a_statement(PULLER, "ecr:PutImage")) == [
        (MIKA, "denied"),
        (PULLER, "not_allowed"),
    ]


def test_what_everyone_may_reaches_those_named_besides():
    assert table(a_statement(MIKA, PULL[0]), a_statement("*")) == [(MIKA, "allowed"), ("*", "allowed")]


def test_a_deny_for_one_does_not_deny_everyone():
    assert table(a_statement("*"), a_statement(MIKA, effect="Deny")) == [("*", "allowed"), (MIKA, "denied")]


def test_an_account_reaches_its_own_people():
    assert table(a_statement("220022002200"), a_statement(MIKA, "ecr:PutImage"))[1] == (MIKA, "allowed")


def test_an_account_is_the_same_in_either_of_its_forms():
    root = a_statement("arn:aws:iam::220022002200:root", effect="Deny")
    assert table(a_statement("220022002200"), root)[0] == ("220022002200", "denied")
    assert readers(a_policy(root))[0].verdict.code == "verdict.denied_named"


@pytest.mark.parametrize("account", ["220022002200", "arn:aws:iam::220022002200:root"])
@pytest.mark.parametrize("listed", [[], [MIKA], [PULLER]])
def test_an_account_that_a_deny_leaves_out_is_not_all_who_are_in_it(account, listed):
    """AWS excludes those that are listed by themselves: the account alone stands for its root user, not for MIKA."""
    deny = {"Effect": "Deny", "NotPrincipal": {"AWS": [account, *listed]}, "Action": PULL}
    text = a_policy(a_statement([account, MIKA]), deny)
    told = {one.value: one for one in readers(text)}
    assert told[MIKA].access is (Access.ALLOWED if MIKA in listed else Access.DENIED)
    assert told[account].access is Access.CONDITIONAL
    assert told[account].verdict == evaluate(text, account)
    assert "NotPrincipal != arn:aws:iam::220022002200:*" in told[account].conditions


def test_a_deny_that_leaves_out_everyone_denies_no_account():
    deny = {"Effect": "Deny", "NotPrincipal": {"AWS": ["*", "220022002200"]}, "Action": PULL}
    assert table(a_statement("220022002200"), deny)[0] == ("220022002200", "allowed")


def test_conditions_are_given():
    (one,) = readers(a_policy(a_statement("*", Condition=IN_ORGANISATION)))
    assert (one.access, one.conditions) == (
        Access.CONDITIONAL,
        ("StringEquals aws:PrincipalOrgID = o-qwerty1234",),
    )


def test_everyone_but_a_few_is_one_reader_with_the_few():
    (one,) = readers(a_policy({"Effect": "Allow", "NotPrincipal": {"AWS": [MIKA, DEAD]}, "Action": PULL}))
    assert (one.value, one.excluded, one.access) == ("*", (MIKA, DEAD), Access.NOT_ALLOWED)


def test_services_and_identity_providers_are_readers():
    mixed = {**a_statement(), "Principal": {"Service": ["lambda.amazonaws.com"], "Federated": "idp"}}
    assert [(one.kind, one.access.value) for one in readers(a_policy(mixed))] == [
        (PrincipalKind.SERVICE, "allowed"),
        (PrincipalKind.FEDERATED, "allowed"),
    ]


def test_no_policy_has_no_readers():
    assert readers(None) == ()


@given(any_policy(ANY_OR_OURS))
def test_each_reader_is_judged_as_a_plain_judge_does_and_as_if_it_were_the_only_one(text):
    expected = {True: {"allowed"}, None: {"conditional"}, False: {"denied", "not_allowed"}}
    for reader in readers(text):
        caller = PullPrincipal.named(reader.type, reader.value)
        assert reader.verdict == Evaluator(text).verdict(caller)
        if ":role/" in reader.value or ":user/" in reader.value:
            assert reader.access in expected[may_pull(text, reader.value)]


def test_what_is_said_of_people_tells_who_they_are():
    mine = a_statement("*", Condition={"StringEquals": {"aws:username": "mika"}})
    accounts = {"StringEquals": {"aws:PrincipalAccount": "220022002200"}}
    theirs = a_statement([MIKA, PULLER], "ecr:BatchGetImage", effect="Deny", Condition=accounts)
    assert table(mine, theirs) == [("*", "conditional"), (MIKA, "denied"), (PULLER, "not_allowed")]
    assert table(mine, a_statement(MIKA, "ecr:PutImage"))[1] == (MIKA, "allowed")


def test_very_many_conditions_on_very_many_people_are_left_open():
    people = [f"arn:aws:iam::220022002200:user/u{number}" for number in range(100)]
    patterns = [f"{person}?" for person in people]
    text = a_policy(
        a_statement(people), a_statement("*", effect="Deny", Condition={"ArnLike": {"aws:PrincipalArn": patterns}})
    )
    found = {reader.value: reader.access for reader in readers(text)}
    assert (found[people[0]], found[people[-1]]) == (Access.ALLOWED, Access.CONDITIONAL)


def test_what_a_reader_is_told_stays_short():
    denies = [
        a_statement("*", effect="Deny", sid="x" * 200, Condition={"IpAddress": {"aws:SourceIp": f"10.0.{n}.0/24"}})
        for n in range(40)
    ]
    (first, *_) = readers(a_policy(a_statement(MIKA), *denies))
    assert len(json.dumps(first.verdict.params)) < 2_000
    assert len(first.verdict.deciding) == 5

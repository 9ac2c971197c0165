from app.policy.evaluate import Access
from app.policy.principals import PrincipalKind
from app.policy.readers import readers
from tests.policy.build import DEAD, IN_ORGANISATION, MIKA, PULL, PULLER, a_policy, a_statement


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

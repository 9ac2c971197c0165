import json

from app.inventory.principal_index import NamedPrincipal, named_in
from tests.build import a_policy, a_statement, general_arn, puller_arn
from tests.inventory.at import allow


def named(*statements):
    return named_in(a_policy(statements))[0]


def test_a_role_is_kept_with_its_service_and_what_the_policy_gives_it():
    assert named(allow(puller_arn())) == {NamedPrincipal(puller_arn(), "puller", "storefront", "allowed")}


def test_a_deny_elsewhere_in_the_policy_counts():
    found = named(allow(puller_arn()), a_statement(effect="Deny", principal="*"))
    assert {one.access for one in found if one.principal == puller_arn()} == {"denied"}


def test_the_general_role_is_told_apart():
    assert {one.kind for one in named(allow(general_arn()))} == {"general"}


def test_an_allow_for_everyone_but_a_few_names_the_few_alone():
    few = {"Effect": "Allow", "NotPrincipal": {"AWS": "999988887777"}, "Action": "ecr:*"}
    assert {one.principal for one in named(few)} == {"999988887777"}


def test_a_principal_named_twice_is_kept_once():
    assert len(named(allow(puller_arn()), allow(puller_arn()))) == 1


def test_a_deleted_role_keeps_its_service_where_another_statement_names_it_too():
    role = "AROA5NLVX2WQ7YEXAMPLE"
    ours = a_statement(sid="AllowLightsailPull-shop", principal={"AWS": role})
    denied = a_statement(effect="Deny", principal={"AWS": role})
    assert {one.service for one in named(ours, denied)} == {"shop"}
    assert {one.service for one in named(denied, ours)} == {"shop"}


def test_what_no_database_can_hold_is_left_out():
    text = a_policy([a_statement(principal={"AWS": ["\x00", "\ud800", "x" * 600, "999988887777"]})])
    assert {one.principal for one in named_in(text)[0]} == {"999988887777"}


def test_no_policy_names_nobody():
    assert named_in(None) == (frozenset(), None)


def test_a_broken_policy_names_nobody_and_says_why():
    principals, problem = named_in(json.dumps({"Statement": [{}]}))
    assert (principals, problem.code) == (frozenset(), "policy.malformed")

import pytest

from app.aws.ports import Role
from app.inventory.access import Tie, repositories_of
from app.policy.verdict import Access
from tests.build import LIGHTSAIL_ACCOUNT, a_service, a_statement, an_active_role, general_arn, puller_arn
from tests.databases import statements
from tests.inventory.at import allow, keep, keep_many

SHOP = a_service("shop", role=an_active_role("shop"))


def seen(db, service=SHOP, **options):
    rows = repositories_of(db, "default", service, **options).rows
    return {row.repository.name: (row.tie, row.verdict.access if row.verdict else None) for row in rows}


def test_the_repositories_that_name_the_role_are_judged(db):
    keep(db, "named", allow(puller_arn("shop")))
    keep(db, "denied", allow(puller_arn("shop")), a_statement(effect="Deny", principal="*"))
    keep(db, "other", allow(puller_arn("blog")))
    keep(db, "none")
    assert seen(db) == {"named": (Tie.ROLE, Access.ALLOWED), "denied": (Tie.ROLE, Access.DENIED)}


def test_a_dead_and_a_wrong_role_are_found_by_their_path(db):
    keep(db, "dead", allow(puller_arn("shop", birth=7)))
    keep(db, "wrong", allow(general_arn("shop")))
    assert seen(db) == {"dead": (Tie.OWN, Access.NOT_ALLOWED), "wrong": (Tie.OWN, Access.NOT_ALLOWED)}


@pytest.mark.parametrize("role", [an_active_role("shop"), Role()])
def test_the_role_of_another_accounts_service_of_the_same_name_is_none_of_its(db, role):
    keep(db, "theirs", allow(puller_arn("shop", birth=7).replace(LIGHTSAIL_ACCOUNT, "600700800900")))
    assert seen(db, a_service("shop", role=role)) == {}


def test_what_is_wrong_is_told_beside_the_verdict(db):
    keep(db, "wrong", allow(general_arn("shop")))
    keep(db, "dead", allow(puller_arn("shop", birth=7)))
    dead, wrong = repositories_of(db, "default", SHOP).rows
    assert "finding.general_role" in [one.code for one in wrong.findings]
    assert "finding.stale_role" in [one.code for one in dead.findings]


def test_access_by_account_and_by_wildcard_is_seen(db):
    keep(db, "bare", allow(LIGHTSAIL_ACCOUNT))
    keep(db, "root", allow(f"arn:aws:iam::{LIGHTSAIL_ACCOUNT}:root"))
    keep(db, "open", allow("*"))
    assert seen(db) == {
        "bare": (Tie.ACCOUNT, Access.ALLOWED),
        "root": (Tie.ACCOUNT, Access.ALLOWED),
        "open": (Tie.EVERYONE, Access.ALLOWED),
    }


def test_an_allow_for_everyone_but_a_few_gives_nobody_anything(db):
    keep(db, "a", {"Effect": "Allow", "NotPrincipal": {"AWS": "999988887777"}, "Action": "ecr:*"})
    assert seen(db) == {}


def test_the_closest_tie_is_told(db):
    keep(db, "a", allow("*"), allow(puller_arn("shop")), allow(general_arn("shop")))
    assert seen(db) == {"a": (Tie.ROLE, Access.ALLOWED)}


def test_an_inactive_role_has_no_verdict_but_its_leftovers_are_found(db):
    keep(db, "dead", allow(puller_arn("shop")))
    assert seen(db, a_service("shop", role=Role())) == {"dead": (Tie.OWN, None)}


def test_those_that_name_the_service_come_first_when_there_are_too_many(db):
    for name in ("a", "b", "c"):
        keep(db, name, allow("*"))
    keep(db, "z", allow(puller_arn("shop")))
    found = repositories_of(db, "default", SHOP, limit=2)
    assert [row.repository.name for row in found.rows] == ["z", "a"]
    assert found.left_out == 2


def test_two_hundred_repositories_take_as_many_statements_as_two(db):
    names = [f"team/{number}" for number in range(200)]
    keep_many(db, names[:2], allow(puller_arn("shop")))
    with statements(db) as for_two:
        seen(db)
    keep_many(db, names, allow(puller_arn("shop")))
    with statements(db) as for_many:
        assert len(seen(db)) == 200
    assert len(for_many) == len(for_two)

"""From which repositories a principal that somebody types or pastes can pull."""

import pytest

from app.errors import Problem
from app.inventory import store
from app.inventory.principal_access import can_pull, clean_principal, repositories_for
from app.inventory.registries import RegistryReading, remember_registry
from app.policy.verdict import Access
from tests.build import ACCOUNT, PULL, REGION, a_policy, a_repository, a_statement, puller_arn
from tests.inventory.at import HERE, NOON, allow, keep

CI = "arn:aws:iam::210987654321:role/ci"


def test_a_role_pulls_by_its_name_its_account_or_as_everyone_unless_it_is_denied(db):
    keep(db, "a/named", allow(CI))
    keep(db, "b/account", allow("210987654321"))
    keep(db, "c/everyone", allow("*"))
    keep(db, "d/denied", allow(CI), a_statement(sid="No", effect="Deny", principal={"AWS": CI}))
    keep(db, "e/another", allow(puller_arn()))
    store.remember_repository(db, "default", a_repository("f/unread"), NOON)
    answer = repositories_for(db, "default", CI, NOON)
    assert [(row.repository, row.verdict.access) for row in answer.rows] == [
        ("a/named", Access.ALLOWED),
        ("b/account", Access.ALLOWED),
        ("c/everyone", Access.ALLOWED),
        ("d/denied", Access.DENIED),
    ]
    assert (can_pull(answer), answer.unread, answer.account) == (3, 1, "210987654321")


def test_what_is_over_the_limit_is_counted(db):
    for name in ("a/1", "a/2", "a/3"):
        keep(db, name, allow(CI))
    answer = repositories_for(db, "default", CI, NOON, limit=2)
    assert [row.repository for row in answer.rows] == ["a/1", "a/2"]
    assert answer.left_out == 1


@pytest.mark.parametrize(
    "typed, principal",
    [
        (f"  {CI}\n", CI),
        (f'"{CI}"', CI),
        (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"),
        (puller_arn(), puller_arn()),
    ],
)
def test_a_principal_may_be_pasted_as_it_was_copied(typed, principal):
    assert clean_principal(typed) == principal


@pytest.mark.parametrize("typed", ["", "ci", "arn:aws:s3:::bucket", "*", "12345"])
def test_what_is_no_principal_is_refused(typed):
    with pytest.raises(Problem, match=r"principal\.bad_arn"):
        clean_principal(typed)


def test_what_the_registry_policy_opens_is_among_them(db):
    keep(db, "a/silent", a_statement(principal={"AWS": puller_arn()}))
    resource = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/a/*"
    opens = a_statement(sid="Open", principal={"AWS": CI}, action=PULL) | {"Resource": resource}
    remember_registry(db, *HERE, RegistryReading(NOON, a_policy([opens]), "V2"))
    answer = repositories_for(db, "default", CI, NOON)
    assert [(row.repository, row.verdict.access) for row in answer.rows] == [("a/silent", Access.ALLOWED)]

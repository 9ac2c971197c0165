"""The steps of each workflow, in order, by the version of workflows: an interface to running operations.

An operation that an earlier release began goes on by its checkpoints, which are known by their names and places. Where
this test fails, `engine.VERSION` must move, and an entry of its own be added here; never change an entry of a release.
"""

import pytest
from dbos import DBOS

from app.operations.engine import VERSION
from app.operations.state import Kind
from tests.build import SERVICE, a_policy, a_statement
from tests.operations.workshop import active, inactive, repository

WEB = "storefront/web"
# What a reading showed is only recorded: no workflow runs for it.
WORKED_ON = [kind for kind in Kind if kind is not Kind.DRIFT]
GIVES = ["activate_role", "wait_for_role", "update_policy", "verify_access"]
REWRITES = ["rewrite_policy", "verify_policy"]
STEPS_BY_VERSION = {
    "operations-1": {
        Kind.GRANT: GIVES,
        Kind.REPAIR: GIVES,
        Kind.REVOKE: ["remove_from_policy", "verify_removal"],
        Kind.ACTIVATE: ["activate_role", "wait_for_role"],
        Kind.DEACTIVATE: ["remove_statements", "deactivate_role", "wait_for_role_off"],
        Kind.RESTORE: REWRITES,
        Kind.UNDO: REWRITES,
        Kind.PRUNE: REWRITES,
    }
}


@pytest.fixture
def perform(shop, aws):
    """Carries out one operation of a kind on a service and a repository that need it: its id."""

    def performed(kind: Kind) -> str:
        (active if kind is Kind.DEACTIVATE else inactive)(aws, SERVICE)
        repository(
            aws, WEB, a_policy([a_statement(), a_statement(sid="Dead", principal={"AWS": "AROAEXAMPLEDEAD123"})])
        )
        if kind is Kind.UNDO:
            repository(aws, WEB, a_policy())
            first = shop.grant(SERVICE, WEB)
            shop.ended(first)
            return shop.services.starter.undo(first, "mika")
        if kind in (Kind.RESTORE, Kind.PRUNE):
            return shop.as_previewed(kind, SERVICE, WEB, **({"text": a_policy()} if kind is Kind.RESTORE else {}))
        repository(aws, WEB, a_policy())
        return shop.start(kind, SERVICE, "" if kind in (Kind.ACTIVATE, Kind.DEACTIVATE) else WEB)

    return performed


@pytest.mark.parametrize("kind", WORKED_ON)
def test_the_steps_are_those_of_their_version(shop, perform, kind):
    operation = perform(kind)
    shop.ended(operation)
    assert [step["function_name"] for step in DBOS.list_workflow_steps(operation)] == STEPS_BY_VERSION[VERSION][kind]


def test_every_version_names_every_kind():
    assert set(STEPS_BY_VERSION[VERSION]) == set(WORKED_ON)

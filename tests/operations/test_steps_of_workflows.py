"""The steps of each workflow, in order, by the version of workflows: an interface to running operations.

An operation that an earlier release began goes on by its checkpoints, which are known by their names and places. Where
this test fails, `engine.VERSION` must move, and an entry of its own be added here; never change an entry of a release.
"""

import pytest
from dbos import DBOS

from app.aws.deployment_ports import DeploymentSpec
from app.operations.batches import NewItem
from app.operations.engine import VERSION
from app.operations.state import SEEN, Kind
from tests.build import REGION, SERVICE, a_policy, a_repository, a_statement, an_image
from tests.fake_deployments import deployed_before
from tests.operations.workshop import active, inactive, repository

# What a reading showed is only recorded: no workflow runs for it.
WORKED_ON = [kind for kind in Kind if kind not in SEEN]
GIVES = ["activate_role", "wait_for_role", "update_policy", "verify_access"]
REWRITES = ["rewrite_policy", "verify_policy"]
SINCE_1 = {
    Kind.GRANT: GIVES,
    Kind.REPAIR: GIVES,
    Kind.REVOKE: ["remove_from_policy", "verify_removal"],
    Kind.ACTIVATE: ["activate_role", "wait_for_role"],
    Kind.DEACTIVATE: ["remove_statements", "deactivate_role", "wait_for_role_off"],
    Kind.RESTORE: REWRITES,
    Kind.UNDO: REWRITES,
    Kind.PRUNE: REWRITES,
}
STEPS_BY_VERSION = {
    "operations-1": SINCE_1,
    "operations-2": {
        **SINCE_1,
        Kind.DEPLOY: ["check_deployment", "grant_access", "deploy", "watch_deployment", "roll_back"],
        Kind.BATCH: ["action_of_batch", "activate_role", "wait_for_role", "change_policies"],
        Kind.REACTIVATE: ["activate_role", "wait_for_role", "put_back_statements"],
    },
}


@pytest.fixture
def perform(shop, aws):
    """Carries out one operation of a kind on a service and a repository that need it: its id."""

    def performed(kind: Kind) -> str:
        # Of its own: what the operation before left behind may still be at work.
        service, name = f"{SERVICE}-{kind}", f"{kind}/web"
        (active if kind is Kind.DEACTIVATE else inactive)(aws, service)
        repository(
            aws, name, a_policy([a_statement(), a_statement(sid="Dead", principal={"AWS": "AROAEXAMPLEDEAD123"})])
        )
        if kind is Kind.REACTIVATE:
            active(aws, service)
            first = shop.start(Kind.DEACTIVATE, service)
            shop.ended(first)
            return shop.services.starter.undo(first, "mika")
        if kind is Kind.UNDO:
            repository(aws, name, a_policy())
            first = shop.grant(service, name)
            shop.ended(first)
            return shop.services.starter.undo(first, "mika")
        if kind in (Kind.RESTORE, Kind.PRUNE):
            return shop.as_previewed(kind, service, name, **({"text": a_policy()} if kind is Kind.RESTORE else {}))
        repository(aws, name, a_policy())
        if kind is Kind.DEPLOY:
            return deploy_in_vain(shop, aws, service, name)
        if kind is Kind.BATCH:
            return shop.services.batches.start(Kind.GRANT, [NewItem(REGION, service, name)], "mika")
        return shop.start(kind, service, "" if kind in (Kind.ACTIVATE, Kind.DEACTIVATE) else name)

    return performed


def deploy_in_vain(shop, aws, service: str, name: str) -> str:
    """A deployment with all that can be asked for, which fails and is rolled back."""
    aws.add_repository(a_repository(name), policy=a_policy(), images=[an_image("2.0")])
    deployed_before(aws, service, DeploymentSpec({"web": {"image": "nginx:1"}})).failures = 1
    return shop.start(kind=Kind.DEPLOY, service=service, repository=name, tag="2.0", grant=True, rollback=True)


@pytest.mark.parametrize("kind", WORKED_ON)
def test_the_steps_are_those_of_their_version(shop, perform, kind):
    operation = perform(kind)
    shop.ended(operation)
    assert [step["function_name"] for step in DBOS.list_workflow_steps(operation)] == STEPS_BY_VERSION[VERSION][kind]


def test_every_version_names_every_kind():
    assert set(STEPS_BY_VERSION[VERSION]) == set(WORKED_ON)

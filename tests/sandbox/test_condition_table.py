"""The sandbox against a table of verdicts that is independent of it, and of the console that it also tests."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from app.sandbox.authorization import PULL_ACTIONS, decide
from app.sandbox.foreign import kept_policy
from app.sandbox.identity import Identity
from app.sandbox.options import SandboxOptions
from app.sandbox.server import create_sandbox
from app.sandbox.state import Repository
from tests.sandbox.stopped_clock import StoppedClock

FILE = Path(__file__).parents[1] / "policy/condition_table.json"
TABLE = json.loads(FILE.read_text(encoding="utf-8"))
ROWS = [pytest.param({**TABLE["defaults"], **row}, id=row["name"]) for row in TABLE["rows"]]
CERTAIN = [row for row in ROWS if row.values[0]["expected"] != "conditional"]


def kept(policy):
    return policy if policy is None else kept_policy(json.dumps(policy))


def outcome(row):
    """What a pull comes to: allowed, denied by an explicit Deny, or not allowed by anything."""
    clock = StoppedClock(datetime.fromisoformat(row["now"]).timestamp())
    world = create_sandbox(SandboxOptions(seed="empty"), clock).world
    _, _, _, region, account, resource = row["repository_arn"].split(":", 5)
    repository = Repository(resource.removeprefix("repository/"), account, region, 0, policy=kept(row["repository"]))
    registry = world.home(account, region).registry
    if row["registry"]:
        registry.policy = kept(row["registry"]["policy"])
        registry.settings["REGISTRY_POLICY_SCOPE"] = row["registry"]["scope"] or "V2"
    caller = Identity(row["principal"], is_temporary=True)
    decisions = [decide(world, caller, action, repository, clock.now()) for action in PULL_ACTIONS]
    if all(decision.is_allowed for decision in decisions):
        return "allowed"
    return "denied" if any("explicit deny" in decision.reason for decision in decisions) else "not_allowed"


@pytest.mark.parametrize("row", CERTAIN)
def test_the_sandbox_comes_to_the_tables_verdict(row):
    assert outcome(row) == row["expected"]


@pytest.mark.parametrize("row", [row for row in ROWS if row not in CERTAIN])
def test_what_the_table_leaves_open_the_sandbox_decides(row):
    assert outcome(row) in {"allowed", "denied", "not_allowed"}

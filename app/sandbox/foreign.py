"""Other writers' changes of policies: unchecked, so that any state that AWS could hold can be created."""

from __future__ import annotations

import json
from typing import Any

from app.sandbox.call import Call
from app.sandbox.policy_text import Policy, rewritten, statements
from app.sandbox.state import Repository, World

WRITER = "another writer"


def kept_policy(text: str) -> Policy:
    """Return the policy of this text, unchecked; one that is not a JSON object reads back unchanged."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    return Policy(rewritten(document)) if isinstance(document, dict) else Policy(None, text)


def write_text(world: World, repository: Repository, text: str) -> None:
    """Set this text as a repository's policy, unchecked."""
    repository.write_policy(kept_policy(text), WRITER, world.clock.now())
    world.changes += 1


def write_statement(world: World, call: Call, statement: dict[str, Any]) -> None:
    """Add a statement to the policy of the call's repository, or replace the one with the same Sid."""
    home = world.homes.get((call.account, call.region))
    repository = home.repositories.get(call.params.get("repositoryName", "")) if home else None
    if repository is None:
        return
    document = (repository.policy and repository.policy.document) or {"Version": "2008-10-17", "Statement": []}
    sid = statement.get("Sid")
    kept = [each for each in statements(document) if sid is None or each.get("Sid") != sid]
    write_text(world, repository, json.dumps({**document, "Statement": [*kept, statement]}))

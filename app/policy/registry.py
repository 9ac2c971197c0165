"""Recognizes statements written for a registry policy and not for a repository policy."""

from __future__ import annotations

from app.policy.statement import Statement, strings

REGISTRY_ACTIONS = frozenset({"ecr:replicateimage", "ecr:createrepository", "ecr:batchimportupstreamimage"})
"""Actions that only a registry policy can allow, in lower case: replication, and pull through cache."""


def is_registry_statement(statement: Statement) -> bool:
    """Return whether a statement belongs in the registry policy.

    It does if one of its actions has no meaning elsewhere, or if all of them (one of them, with a `Resource`) are
    registry actions. `ecr:CreateRepository` alone is by mistake in many lists of all actions.
    """
    actions = {action.lower() for action in strings(statement.get("Action", ()))}
    there = actions & REGISTRY_ACTIONS
    return bool(there) and (there != {"ecr:createrepository"} or there == actions or "Resource" in statement)

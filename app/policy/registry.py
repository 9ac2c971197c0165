"""Recognises statements that are written for a registry's policy and not for a repository's. Pure."""

from __future__ import annotations

from app.policy.statement import Statement, strings

REGISTRY_ACTIONS = frozenset({"ecr:replicateimage", "ecr:createrepository", "ecr:batchimportupstreamimage"})
"""Actions that only a registry's policy can allow, in lower case: replication, and pull through cache."""


def is_registry_statement(statement: Statement) -> bool:
    """Whether a statement belongs in the registry's policy: it has an action that only that can allow."""
    return any(action.lower() in REGISTRY_ACTIONS for action in strings(statement.get("Action", ())))

"""Recognises statements that are written for a registry's policy and not for a repository's. Pure."""

from __future__ import annotations

from app.policy.statement import Statement, strings

REGISTRY_ACTIONS = frozenset({"ecr:replicateimage", "ecr:createrepository", "ecr:batchimportupstreamimage"})
"""Actions that only a registry's policy can allow, in lower case: replication, and pull through cache."""


def is_registry_statement(statement: Statement) -> bool:
    """Whether a statement belongs in the registry's policy.

    It does where one of its actions means nothing elsewhere, or where all of them, or with a `Resource` one of them, are
    of those that a registry allows. `ecr:CreateRepository` alone stands by mistake in many a list of all actions.
    """
    actions = {action.lower() for action in strings(statement.get("Action", ()))}
    there = actions & REGISTRY_ACTIONS
    return bool(there) and (there != {"ecr:createrepository"} or there == actions or "Resource" in statement)

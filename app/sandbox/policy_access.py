"""Whether a repository policy lets a principal do something: the sandbox's own reading of IAM's rules.

A statement with a Condition counts as not matching, since the sandbox knows nothing of a request's context.
Must never share code with the console.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from app.sandbox.policy_text import statements, values


def allows(document: dict[str, Any] | None, principal: str, action: str) -> bool:
    """Whether the policy alone allows it: some Allow matches and no Deny does."""
    if document is None:
        return False
    effects = {s.get("Effect") for s in statements(document) if _matches(s, principal, action)}
    return "Allow" in effects and "Deny" not in effects


def denies(document: dict[str, Any], principal: str, action: str) -> bool:
    """Whether the policy forbids it outright."""
    return any(s.get("Effect") == "Deny" and _matches(s, principal, action) for s in statements(document))


def _matches(statement: Any, principal: str, action: str) -> bool:
    if not isinstance(statement, dict) or statement.get("Condition"):
        return False
    return _is_for(statement, principal) and _is_about(statement, action)


def _is_for(statement: dict[str, Any], principal: str) -> bool:
    if "NotPrincipal" in statement:
        return not _names(statement["NotPrincipal"], principal)
    return _names(statement.get("Principal"), principal)


def _names(given: Any, principal: str) -> bool:
    if given == "*":
        return True
    if not isinstance(given, dict):
        return False
    account = principal.split(":")[4]
    return not {"*", principal, account, f"arn:aws:iam::{account}:root"}.isdisjoint(values(given.get("AWS", [])))


def _is_about(statement: dict[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not _covers(statement["NotAction"], action)
    return _covers(statement.get("Action", []), action)


def _covers(given: Any, action: str) -> bool:
    return any(fnmatchcase(action.lower(), str(pattern).lower()) for pattern in values(given))

"""Compares policy documents as ECR does, and lists as bags."""

from __future__ import annotations

import json
from typing import Any

from app.sandbox.policy_text import values


def comparable(value: Any) -> str:
    """One text for what ECR takes for the same: lists in any order, keys in any order."""
    return json.dumps(_sorted(value), sort_keys=True, ensure_ascii=False)


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(each) if key != "Statement" else _statements(each) for key, each in value.items()}
    if isinstance(value, list):
        return sorted((_sorted(each) for each in value), key=lambda each: json.dumps(each, sort_keys=True))
    return value


def _statements(value: Any) -> Any:
    """Their order is the document's own; a single one may stand without a list."""
    return [_sorted(each) for each in (value if isinstance(value, list) else [value])]


def principals(statement: dict[str, Any]) -> list[str]:
    """The AWS principals that a statement names."""
    principal = statement.get("Principal")
    return values(principal.get("AWS", [])) if isinstance(principal, dict) else []


def covers(statement: dict[str, Any], action: str) -> bool:
    """Whether a statement lists this action."""
    return any(action.lower() == str(each).lower() for each in values(statement.get("Action", [])))


def more(one: list[str], other: list[str]) -> list[str]:
    """What stands oftener in one than in the other."""
    left = list(other)
    return [each for each in one if each not in left or left.remove(each)]  # type: ignore[func-returns-value]


def common(one: list[str], other: list[str]) -> list[str]:
    """What stands in both."""
    return more(one, more(one, other))

"""Compares policies by meaning, not by the text that ECR returns. Changes no policy.

ECR returns a different text from the one sent: formatted differently, principals in an order that may vary between
reads, a one-element list as a string, an account id as its root ARN. None of these counts as a change.
The order of statements (ECR keeps it) and the case of actions (ECR leaves it) do count.
"""

from __future__ import annotations

from typing import Any

from app.errors import Problem
from app.policy import strict_json
from app.policy.arns import same_form
from app.policy.statement import Statement, entries

_SETS = frozenset({"Action", "NotAction", "Resource", "NotResource"})


def canonical(text: str | None) -> str:
    """Return the same text for all policies that mean the same; "" for no policy. Returns invalid JSON as it is.

    Suitable for hashing, to compare the policy that was shown with the current one.
    """
    if text is None:
        return ""
    try:
        value = strict_json.load(text)
    except Problem:
        return f"unread {text.strip()}"
    return value_key(_document(value) if isinstance(value, dict) else value)


def equivalent(a: str | None, b: str | None) -> bool:
    """Return whether two policy texts, or None for no policy, mean the same."""
    return a == b or canonical(a) == canonical(b)


def statement_key(statement: Statement) -> str:
    """Return the same text for all statements that mean the same."""
    return value_key(_statement(statement))


def body_key(statement: Statement) -> str:
    """Return the same text for all statements that mean the same except for their principals."""
    return value_key(
        _statement({key: value for key, value in statement.items() if key not in ("Principal", "NotPrincipal")})
    )


def same_statement(a: Statement, b: Statement) -> bool:
    """Return whether two statements mean the same. Not by `==`, for which `true` is 1."""
    return a is b or statement_key(a) == statement_key(b)


def differing(a: Statement, b: Statement) -> tuple[str, ...]:
    """Return the names of the elements in which two statements differ."""
    first, other = _statement(a), _statement(b)
    return tuple(key for key in {**first, **other} if first.get(key) != other.get(key))


def element_keys(statement: Statement) -> dict[str, str]:
    """Return each element of the statement that has content, with one text for all ways to write it."""
    return {name: value_key(value) for name, value in _statement(statement).items()}


def value_key(value: Any) -> str:
    """Return one text for a JSON value, whatever the order of its keys."""
    return strict_json.dump(value, indent=None, ascii_only=True, sort_keys=True)


def _document(value: dict[str, Any]) -> dict[str, Any]:
    statements = value.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list):
        return value
    return {**value, "Statement": [_statement(item) if isinstance(item, dict) else item for item in statements]}


def _statement(statement: Statement) -> dict[str, Any]:
    said = {key: _element(key, value) for key, value in statement.items()}
    return {key: value for key, value in said.items() if not (key in ("Sid", "Condition") and not value)}


def _element(key: str, value: Any) -> Any:
    if key in _SETS:
        return _set(value)
    if key in ("Principal", "NotPrincipal"):
        return _principals(value)
    if key == "Condition" and isinstance(value, dict):
        return {test: _condition(values) for test, values in value.items()}
    return value


def _principals(value: Any) -> Any:
    try:
        return sorted({(kind, same_form(item)) for kind, item in entries(value)})
    except (AttributeError, TypeError):
        return value  # ECR accepts no such principal; keep it unchanged


def _condition(condition: Any) -> Any:
    if not isinstance(condition, dict):
        return condition
    return {key: _set(values) for key, values in condition.items()}


def _set(value: Any) -> Any:
    items = value if isinstance(value, list) else [value]
    return sorted({item if isinstance(item, str) else value_key(item) for item in items})

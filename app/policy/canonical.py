"""Compares policies by what they say, not how ECR happened to write them. Must never change a policy.

ECR returns a text that differs from the one it was sent: laid out anew, principals in an order that may differ
from one read to the next, a list of one as a string, an account id as its root ARN. None of that is a change.
The order of statements, which ECR keeps, and the case of actions, which it does not touch, are kept significant.
"""

from __future__ import annotations

import json
from typing import Any

from app.errors import Problem
from app.policy import strict_json
from app.policy.arns import same_form
from app.policy.statement import Statement, entries

_SETS = frozenset({"Action", "NotAction", "Resource", "NotResource"})


def canonical(text: str | None) -> str:
    """One text for all that say the same; empty for no policy. Never raises: a text that is no JSON stands for itself.

    Fit for hashing, so that what was shown can be compared with what is there now.
    """
    if text is None:
        return ""
    try:
        value = strict_json.load(text)
    except Problem:
        return f"unread {text.strip()}"
    return _text(_document(value) if isinstance(value, dict) else value)


def equivalent(a: str | None, b: str | None) -> bool:
    """Whether two policy texts, or None for no policy, say the same."""
    return a == b or canonical(a) == canonical(b)


def statement_key(statement: Statement) -> str:
    """One text for all statements that say the same."""
    return _text(_statement(statement))


def body_key(statement: Statement) -> str:
    """As `statement_key`, whoever the principals are: what the statement says of them."""
    return _text(
        _statement({key: value for key, value in statement.items() if key not in ("Principal", "NotPrincipal")})
    )


def same_statement(a: Statement, b: Statement) -> bool:
    """Whether two statements say the same."""
    return a == b or statement_key(a) == statement_key(b)


def differing(a: Statement, b: Statement) -> tuple[str, ...]:
    """The elements that two statements do not have alike."""
    one, other = _statement(a), _statement(b)
    return tuple(key for key in {**one, **other} if one.get(key) != other.get(key))


def element_keys(statement: Statement) -> dict[str, str]:
    """Each element of the statement that says something, with one text for all ways to write it."""
    return {name: _text(value) for name, value in _statement(statement).items()}


def value_key(value: Any) -> str:
    """One text for a top-level member's value, whatever the order of its keys."""
    return _text(value)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


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
        return value  # no principal that ECR would take; it stands for itself


def _condition(asked: Any) -> Any:
    if not isinstance(asked, dict):
        return asked
    return {key: _set(values) for key, values in asked.items()}


def _set(value: Any) -> Any:
    items = value if isinstance(value, list) else [value]
    return sorted({item if isinstance(item, str) else json.dumps(item, sort_keys=True) for item in items})

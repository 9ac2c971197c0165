"""Policies as ECR returns them: its own formatting, principals in any order, deleted ones as unique ids."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from app.sandbox.policy_text import Policy, statements
from app.sandbox.principals import Principals


def read_back(policy: Policy, principals: Principals, now: float, order: random.Random) -> str:
    """Return the text of a read of the policy now: ECR's formatting, principals in any order, deleted ones as ids."""
    if policy.document is None:
        return policy.text
    if policy.read is not None and policy.deaths == principals.deaths:
        return policy.read
    shown = shuffled(policy.document, order, lambda arn: principals.as_read(arn, now))
    text = rendered(shown)
    if _is_settled(policy.document, principals):
        policy.read, policy.deaths = text, principals.deaths
    return text


def _is_settled(document: dict[str, Any], principals: Principals) -> bool:
    """Return whether every read gives the same text: no lists of principals, and no scheduled deletion."""
    given = [names for names in _principal_values(document) if names]
    return not any(isinstance(names, list) or principals.is_mortal(str(names)) for names in given)


def _principal_values(document: dict[str, Any]) -> Iterator[Any]:
    for statement in statements(document):
        for key in ("Principal", "NotPrincipal"):
            principal = statement.get(key) if isinstance(statement, dict) else None
            if isinstance(principal, dict):
                yield from principal.values()


def shuffled(document: dict[str, Any], order: random.Random, name: Callable[[str], str]) -> dict[str, Any]:
    """Return the document with each list of principals in some order, and each AWS principal renamed."""
    value = document.get("Statement")
    if isinstance(value, list):
        return {**document, "Statement": [_shuffled_statement(item, order, name) for item in value]}
    return {**document, "Statement": _shuffled_statement(value, order, name)} if value is not None else document


def _shuffled_statement(statement: Any, order: random.Random, name: Callable[[str], str]) -> Any:
    if not isinstance(statement, dict):
        return statement
    shown = dict(statement)
    for key in ("Principal", "NotPrincipal"):
        if isinstance(shown.get(key), dict):
            shown[key] = {kind: _shuffled_names(kind, given, order, name) for kind, given in shown[key].items()}
    return shown


def _shuffled_names(kind: str, given: Any, order: random.Random, name: Callable[[str], str]) -> Any:
    if isinstance(given, list):
        names = [name(item) if kind == "AWS" and isinstance(item, str) else item for item in given]
        order.shuffle(names)
        return names
    return name(given) if kind == "AWS" and isinstance(given, str) else given


def rendered(value: Any, indent: str = "") -> str:
    """Return JSON in ECR's formatting: `"key" : value`, lists on one line."""
    if isinstance(value, dict):
        inner = indent + "  "
        rows = [
            f"{inner}{json.dumps(key, ensure_ascii=False)} : {rendered(item, inner)}" for key, item in value.items()
        ]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}" if rows else "{ }"
    if isinstance(value, list):
        return "[ " + ", ".join(rendered(item, indent) for item in value) + " ]" if value else "[ ]"
    return json.dumps(value, ensure_ascii=False)

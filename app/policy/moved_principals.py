"""Applies a change of principals to another version of the same statement. Other elements stay unchanged."""

from __future__ import annotations

from typing import Any

from app.policy.arns import WILDCARD, same_form
from app.policy.statement import Statement, same_forms, strings, without


def moved_principals(statement: Statement, was: Statement, becomes: Statement) -> Statement | None:
    """Return `statement` with the principals added and removed between `was` and `becomes`.

    None if that is undefined: everyone (`"*"`) on one side, another element differs, or no principal is left.
    """
    element = next((key for key in ("Principal", "NotPrincipal") if key in statement), "")
    if any(not isinstance(each.get(element), dict) for each in (statement, was, becomes)):
        return None
    gone = _less(was[element], becomes[element])
    left = without(statement, same_forms(value for values in gone.values() for value in values), element)
    if left is None:
        left = {**statement, element: {}}
    merged = _more(left[element], _less(becomes[element], was[element]))
    return {**statement, element: merged} if merged else None


def _less(principal: dict[str, Any], other: dict[str, Any]) -> dict[str, list[str]]:
    covered = {(kind, same_form(value)) for kind, values in other.items() for value in strings(values)}
    return {
        kind: [value for value in strings(values) if value != WILDCARD and (kind, same_form(value)) not in covered]
        for kind, values in principal.items()
    }


def _more(principal: dict[str, Any], added: dict[str, list[str]]) -> dict[str, Any]:
    merged = dict(principal)
    for kind, values in added.items():
        present = strings(merged.get(kind, ()))
        forms = {same_form(value) for value in present}
        new = [value for value in values if same_form(value) not in forms]
        if new:
            whole = [*present, *new]
            merged[kind] = whole if len(whole) > 1 else whole[0]
    return merged

"""Rewrites a policy in the order and forms of an earlier version of it, so that a diff shows only real changes.

The meaning of the policy stays the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.policy.arns import same_form
from app.policy.canonical import same_statement
from app.policy.change import matched
from app.policy.document import PolicyDocument
from app.policy.statement import Statement, is_strings, strings


def aligned(before: PolicyDocument, after: PolicyDocument) -> PolicyDocument:
    """Return `after` with keys, principals, actions and one-element lists as in `before` where both agree."""
    old, new = before.statements, after.statements
    twins = {j: old[i] for i, j in matched(old, new) if i is not None and j is not None}
    statements = [_statement(twins[j], each) if j in twins else each for j, each in enumerate(new)]
    members = _by_key(before.members, after.members, lambda _, _old, value: value)
    alone = isinstance(before.members["Statement"], dict) and len(statements) == 1
    return PolicyDocument({**members, "Statement": statements[0] if alone else statements})


def _statement(before: Statement, after: Statement) -> Statement:
    if same_statement(before, after):
        return before
    return _by_key(before, after, _element)


def _element(key: str, before: Any, after: Any) -> Any:
    if key in ("Principal", "NotPrincipal", "Condition") and isinstance(before, dict) and isinstance(after, dict):
        return _by_key(before, after, _element if key == "Condition" else _set)
    if isinstance(before, dict) and isinstance(after, dict):
        return _by_key(before, after, _set)
    return _set(key, before, after) if key in ("Action", "NotAction", "Resource", "NotResource") else after


def _set(key: str, before: Any, after: Any) -> Any:
    """Return the values of `after`: those also in `before` first, in its order and form, then the new ones."""
    if not all(is_strings(value) for value in (before, after)):
        return after
    form = same_form if key == "AWS" else str
    old, new = strings(before), strings(after)
    old_forms, new_forms = ({form(value) for value in side} for side in (old, new))
    kept = [value for value in old if form(value) in new_forms]
    whole = [*kept, *(value for value in new if form(value) not in old_forms)]
    return whole[0] if isinstance(before, str) and len(whole) == 1 else whole


def _by_key(before: dict[str, Any], after: dict[str, Any], value: Callable[[str, Any, Any], Any]) -> dict[str, Any]:
    order = [*(key for key in before if key in after), *(key for key in after if key not in before)]
    return {key: value(key, before[key], after[key]) if key in before else after[key] for key in order}

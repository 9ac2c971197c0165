"""Puts a policy of an earlier time into terms of a role that AWS has created again under another ARN. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from app.policy.document import parse, render
from app.policy.statement import Statement, is_allow, same_forms, without


def with_role_renewed(text: str, *, old: str, new: str, dead: Collection[str]) -> str | None:
    """Return the policy with the principal `new` where its Allow statements name `old`, and without the `dead` ones.

    ECR refuses a policy that names a deleted principal, so that such a policy can only be put back like this. Deny
    statements and conditions are kept as they are: a removal of access does not change them either.

    Args:
        text: the policy as it was recorded.
        old: the ARN of the service's role at that time.
        new: the ARN of its role now; the same one if the role was never switched off.
        dead: other principals of the service that AWS has deleted.

    Returns:
        The policy text; None if no statement is left.

    Raises:
        Problem: as `document.parse`.
    """
    document, gone = parse(text), same_forms(dead)
    statements = [_renewed(statement, old, new, gone) for statement in document.statements]
    kept = [statement for statement in statements if statement is not None]
    return render(document.with_statements(kept)) if kept else None


def _renewed(statement: Statement, old: str, new: str, gone: Collection[str]) -> Statement | None:
    left = without(statement, gone) if is_allow(statement) else statement
    if left is None or not is_allow(left) or not isinstance(left.get("Principal"), dict):
        return left
    principal = {kind: _replaced(values, old, new) for kind, values in left["Principal"].items()}
    return left if principal == left["Principal"] else {**left, "Principal": principal}


def _replaced(values: Any, old: str, new: str) -> Any:
    if isinstance(values, str):
        return new if values == old else values
    return [new if value == old else value for value in values]

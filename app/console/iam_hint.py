"""The IAM statement that would allow what AWS refused, ready to paste. Pure; must never ask what is allowed."""

from __future__ import annotations

from typing import TypeGuard

from app.aws.denials import NOT_ALLOWED
from app.errors import Problem
from app.policy.permissions import PermissionScope, allowing, to_text


def iam_statement(problem: Problem | None, account: str) -> str:
    """The statement for the refused action in the problem's region; "" where no statement of IAM's would help.

    It helps only where an identity-based policy lacks the action: not against a Deny, nor against what other policies
    leave out.
    """
    if not lacks_permission(problem):
        return ""
    scope = PermissionScope(account=account or "*", regions=(str(problem.params.get("region", "*")),))
    try:
        return to_text(allowing(str(problem.params.get("action", "")), scope))
    except KeyError:
        return ""


def lacks_permission(problem: Problem | None) -> TypeGuard[Problem]:
    """Whether AWS refused something that an identity-based policy could allow."""
    return (
        problem is not None
        and problem.code == "aws.access_denied"
        and problem.params.get("reason", NOT_ALLOWED) == NOT_ALLOWED
    )

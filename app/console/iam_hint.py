"""The IAM statement that would allow what AWS denied, ready to paste. Pure; does not check what is allowed."""

from __future__ import annotations

from typing import TypeGuard

from app.aws.denials import NOT_ALLOWED
from app.errors import Problem
from app.policy.permissions import PermissionScope, allowing, to_text


def iam_statement(problem: Problem | None, account: str, regions: tuple[str, ...] = ()) -> str:
    """Return the statement for the denied action in `regions`, else the problem's; "" if no IAM statement would help.

    It helps only if an identity-based policy lacks the action: not against a Deny, nor if another kind of policy lacks
    it. `account` "" while unknown: it is then that of the resource which AWS names.
    """
    if not lacks_permission(problem):
        return ""
    scope = PermissionScope(
        account=account or _account_in(str(problem.params.get("resource", ""))) or "*",
        regions=regions or (str(problem.params.get("region", "*")),),
    )
    try:
        return to_text(allowing(str(problem.params.get("action", "")), scope))
    except KeyError:
        return ""


def lacks_permission(problem: Problem | None) -> TypeGuard[Problem]:
    """Return whether AWS denied something that an identity-based policy could allow."""
    return (
        problem is not None
        and problem.code == "aws.access_denied"
        and problem.params.get("reason", NOT_ALLOWED) == NOT_ALLOWED
    )


def _account_in(arn: str) -> str:
    """Return the account of a resource's ARN, "" if it names none."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 and parts[4].isdecimal() else ""

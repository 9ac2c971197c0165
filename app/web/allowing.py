"""The IAM statement that would allow what AWS refused, ready to paste. Pure; must never ask what is allowed."""

from __future__ import annotations

from app.errors import Problem
from app.policy.permissions import Scope, allowing, to_text


def iam_statement(problem: Problem | None, account: str) -> str:
    """The statement for the refused action in the problem's region; "" where a refusal by IAM is not the trouble.

    An explicit deny is not outweighed by any statement, so none is offered for it.
    """
    if problem is None or problem.code != "aws.access_denied" or problem.params.get("reason") == "explicit_deny":
        return ""
    scope = Scope(account=account or "*", regions=(str(problem.params.get("region", "*")),))
    try:
        return to_text(allowing(str(problem.params.get("action", "")), scope))
    except KeyError:
        return ""

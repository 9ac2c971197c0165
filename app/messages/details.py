"""The sentences of what explains a problem further: findings about a policy, and causes of a failed deployment."""

from __future__ import annotations

from typing import Final

from app.diagnosis.causes import CAUSES
from app.errors import Problem
from app.operations.deployment_causes import CAUSE
from app.policy.messages import WORDS as POLICY_WORDS
from app.wording import fill

DETAIL_WORDS: Final[dict[str, str]] = {
    **POLICY_WORDS,
    **{f"{CAUSE}{code}": each.title for code, each in CAUSES.items()},
}


def reasons(problem: Problem) -> list[str]:
    """Return what explains the problem further, an English sentence each; codes of other releases are left out."""
    return [fill(DETAIL_WORDS[code], params) for code, params in problem.details if code in DETAIL_WORDS]

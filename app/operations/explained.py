"""Adds to a refusal of a policy what may be its reason, or what would help. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from app.errors import Detail, Problem
from app.policy.document import parse
from app.policy.finding import Finding
from app.policy.refusal import refusal_reasons
from app.policy.room import make_room

REFUSED, TOO_LONG = "policy.refused", "policy.too_long"
# Reasons that are told; a policy with more of them needs to be looked at as a whole.
MOST = 5


def explained(problem: Problem, before: str | None, sent: str | None = None) -> Problem:
    """Return the problem with its details; any other problem than the two that have some as it is.

    Args:
        problem: what ECR or a plan refused.
        before: the policy as it was read.
        sent: the text that ECR refused.
    """
    if problem.code == REFUSED:
        return _with(problem, map(_told, refusal_reasons(sent)[:MOST]))
    if problem.code == TOO_LONG and before is not None:
        return _with(problem, ((room.code, {"saved": room.saved}) for room in make_room(parse(before))))
    return problem


def _told(finding: Finding) -> Detail:
    return finding.code, finding.params


def _with(problem: Problem, details: Iterable[Detail]) -> Problem:
    return Problem.from_json({**problem.to_json(), "details": [[code, dict(params)] for code, params in details]})

"""What ECR may have meant when it refused a policy with `Principal not found`, which names no principal."""

from __future__ import annotations

from datetime import timedelta

from app.errors import Problem
from app.inventory import queries
from app.operations.pruning import DEAD_PRINCIPALS
from app.operations.step import Stepping
from app.policy.change import PlannedChange
from app.policy.missing_principals import unfound
from app.policy.principals import PrincipalRef

NOT_FOUND = "policy.principal_not_found"
SPREADING = "policy.principal_spreading"
"""The code while the role is so new that ECR may not know it yet; it is never shown to people."""
# AWS gives no figure for how long a new principal takes to propagate; two minutes were seen.
FRESH_FOR = timedelta(minutes=3)


async def explained(
    step: Stepping, change: PlannedChange, problem: Problem, ours: str, *, was_fresh: bool = False
) -> Problem:
    """Return the problem with the principals that ECR may not have found; any other problem unchanged.

    `ours` is the principal that is being granted access. While it may be too new for ECR, no other is suspected; nor
    afterwards if it `was_fresh` when ECR first refused: what ECR says has then not changed.
    """
    if problem.code != NOT_FOUND:
        return problem
    fresh = bool(ours) and (was_fresh or await _is_role_fresh(step))
    own = (ours,) if ours else ()
    suspects = await step.context.in_thread(unfound, change.before, change.after, fresh=fresh, ours=own)
    others = tuple(principal for principal in suspects.likeliest if principal.value != ours)
    waits = bool(ours) and not suspects.dead and (fresh or not others)
    return _told(SPREADING if waits else DEAD_PRINCIPALS, problem, step, others)


def given_up(problem: Problem) -> Problem:
    """Return the problem for a new role that ECR still refuses after it had time to propagate.

    It may be the role or another principal: none of the others counts as deleted before ECR refuses it without a new
    role beside it.
    """
    if problem.code != SPREADING:
        return problem
    others = problem.params["principals"]
    return _renamed(problem, "policy.some_principal_not_found" if others else "policy.own_principal_not_found")


def suspects_in(problem: Problem) -> list[str]:
    """Return the principals that ECR may not have found, by a problem that ended an operation."""
    return str(problem.params["principals"]).split(", ") if problem.code == DEAD_PRINCIPALS else []


async def _is_role_fresh(step: Stepping) -> bool:
    """Return whether ECR may simply not know the service's role yet. A role never seen before counts as fresh."""
    context = step.context
    since = await context.in_db(queries.role_since, step.operation.service_key)
    return since is None or context.clock.now() - since < FRESH_FOR


def _told(code: str, problem: Problem, step: Stepping, missing: tuple[PrincipalRef, ...]) -> Problem:
    names = ", ".join(principal.value for principal in missing)
    return _renamed(problem, code, repository=step.operation.repository, principals=names)


def _renamed(problem: Problem, code: str, **params: str | int) -> Problem:
    return Problem.from_json({**problem.to_json(), "code": code, "params": {**problem.params, **params}})

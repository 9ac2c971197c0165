"""Reading a repository's policy, and proving by reading it back what an operation did.

Somebody else may write a policy at any moment: each proof says whether ours holds, and the workflow merges again if not.
"""

from __future__ import annotations

from typing import Any

from app.errors import Problem
from app.inventory import policies
from app.operations import plans
from app.operations.plans import Plan, Subject
from app.operations.state import StepState
from app.operations.stepping import Result, Stepping
from app.policy.canonical import equivalent
from app.policy.evaluate import Access, evaluate

# How often a policy that somebody else writes to at the same time is merged again before a person is asked.
MERGES = 5


async def read(step: Stepping) -> str | None:
    """The policy as it stands, which pages then show too."""
    context, operation = step.context, step.operation
    asked_at = context.clock.now()
    text: str | None = await step.call(context.aws.repositories(operation.region).get_policy, operation.repository)
    await context.in_db(
        policies.remember_policy,
        context.db,
        operation.connection,
        operation.region,
        operation.repository,
        text,
        at=asked_at,
    )
    return text


async def verify_access(step: Stepping, arn: str, after: str | None) -> tuple[StepState, Result]:
    """Prove that the role may pull. Returns `holds`: False when somebody else's write took ours away meanwhile.

    Raises:
        Problem: `access.denied` when an explicit Deny refuses the role, whatever else the policy allows.
    """
    text = await read(step)
    verdict = evaluate(text, arn)
    if verdict.access is Access.NOT_ALLOWED:
        step.because("policy.foreign_write")
        return StepState.PENDING, {"holds": False}
    if verdict.access is Access.DENIED:
        statement = verdict.params["statement"]
        raise Problem(
            "access.denied",
            repository=step.operation.repository,
            service=step.operation.service,
            statement=statement,
        )
    if not equivalent(text, after):
        step.because("policy.foreign_write")
    else:
        step.because("access.conditional" if verdict.access is Access.CONDITIONAL else "access.allowed")
    return StepState.SUCCEEDED, {"holds": True}


async def verify_removal(step: Stepping, subject: Subject) -> tuple[StepState, Result]:
    """Prove that the policy no longer names the service. Returns `holds`, as `verify_access` does."""
    text = await read(step)
    if plans.revoking(subject)(text).needed:
        step.because("policy.foreign_write")
        return StepState.PENDING, {"holds": False}
    left = subject.principal_arn and evaluate(text, subject.principal_arn).access in (
        Access.ALLOWED,
        Access.CONDITIONAL,
    )
    step.because("access.left" if left else "access.gone")
    return StepState.SUCCEEDED, {"holds": True}


async def verify_text(step: Stepping, plan: Plan) -> tuple[StepState, Result]:
    """Prove that the policy is as it was written. Returns `holds`, as `verify_access` does."""
    text = await read(step)
    if plan(text).needed:
        step.because("policy.foreign_write")
        return StepState.PENDING, {"holds": False}
    step.because("policy.as_written")
    return StepState.SUCCEEDED, {"holds": True}


def subject_from(found: dict[str, Any], step: Stepping) -> Subject:
    """Whose access it is about, from what an earlier step found."""
    return Subject(step.operation.region, step.operation.service, found["arn"], found.get("general_arn", ""))

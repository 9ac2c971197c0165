"""Take a container service's access to a repository away: its principals out of the policy, and proof."""

from __future__ import annotations

from app.errors import Problem
from app.operations import engine, policy_steps, policy_write
from app.operations.plans import Subject, revoking
from app.operations.state import Kind, Outcome, StepName, StepState
from app.operations.step import Result, Stepping, run_step
from app.operations.workflow import done, operation


@operation(Kind.REVOKE)
async def revoke(operation_id: str) -> Outcome:
    """Workflow of a revoke, by the operation's id."""
    wrote = False
    for attempt in range(policy_steps.MERGES):
        policy = done(await remove_from_policy(operation_id))
        wrote = wrote or policy["wrote"]
        last = attempt == policy_steps.MERGES - 1
        if done(await verify_removal(operation_id, policy["arn"], policy["general_arn"], last=last))["holds"]:
            break
    return Outcome.SUCCEEDED if wrote else Outcome.NOTHING_TO_DO


@engine.step("remove_from_policy")
async def remove_from_policy(operation_id: str) -> Result:
    """Take the service out of the policy. Returns its `arn`, `general_arn`, and what `policy_write.write` does."""

    async def body(step: Stepping) -> tuple[StepState, Result]:
        subject = await _subject(step)
        state, result = await policy_write.write(step, policy_write.Wanted(revoking(subject), "policy.reduced"))
        return state, {**result, "arn": subject.principal_arn, "general_arn": subject.general_arn}

    return await run_step(operation_id, StepName.UPDATE_POLICY, body)


@engine.step("verify_removal")
async def verify_removal(operation_id: str, arn: str, general_arn: str, *, last: bool) -> Result:
    """Read the policy back. Returns `holds`; the last time a policy that still names the service is a problem."""

    async def body(step: Stepping) -> tuple[StepState, Result]:
        subject = Subject(step.operation.region, step.operation.service, arn, general_arn)
        state, result = await policy_steps.verify_removal(step, subject)
        if last and not result["holds"]:
            raise Problem("policy.contended", repository=step.operation.repository, times=policy_steps.MERGES)
        return state, result

    return await run_step(operation_id, StepName.VERIFY_REMOVAL, body)


async def _subject(step: Stepping) -> Subject:
    """Whom to take out. A service that is gone is still known by its role's path in the policy."""
    operation = step.operation
    services = step.context.aws.services(operation.region)
    try:
        service = await step.call(services.get_service, operation.service)
    except Problem as problem:
        if problem.code != "service.not_found":
            raise
        return Subject(operation.region, operation.service, "")
    known = await policy_steps.circumstances(step)
    arns = service.role.principal_arn, service.general_principal_arn
    return Subject(operation.region, operation.service, *arns, known)

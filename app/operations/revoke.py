"""Revokes a container service's access to a repository: removes its principals from the policy, and verifies it."""

from __future__ import annotations

from collections.abc import Mapping

from app.errors import Problem
from app.inventory.circumstances import Circumstances
from app.operations import engine, policy_steps, policy_write
from app.operations.plans import Grantee, revoking
from app.operations.state import Kind, Outcome, StepName, StepState
from app.operations.step import Result, Stepping, run_step
from app.operations.workflow import change_until_it_holds, operation


@operation(Kind.REVOKE)
async def revoke(operation_id: str) -> Outcome:
    """Workflow of a revoke, by the operation's id."""
    wrote = await take_out(operation_id)
    return Outcome.SUCCEEDED if wrote else Outcome.NOTHING_TO_DO


async def take_out(operation_id: str, role: Mapping[str, str] | None = None) -> bool:
    """Take the service out of the policy until it is gone; whether anything was written.

    `role`: its `arn` and `general_arn`, where they have just been read, each "" where the service is gone.
    """
    return await change_until_it_holds(
        lambda: remove_from_policy(operation_id, role),
        lambda policy, last: verify_removal(operation_id, policy["arn"], policy["general_arn"], last=last),
    )


@engine.step("remove_from_policy")
async def remove_from_policy(operation_id: str, role: Mapping[str, str] | None = None) -> Result:
    """Take the service out of the policy. Returns its `arn`, `general_arn`, and what `policy_write.write` does."""

    async def body(step: Stepping) -> tuple[StepState, Result]:
        arns = role or await find_roles(step)
        circumstances = await policy_steps.circumstances(step) if any(arns.values()) else Circumstances()
        subject = Grantee(
            step.operation.region, step.operation.service, arns["arn"], arns["general_arn"], circumstances
        )
        state, result = await policy_write.write(step, policy_write.PolicyEdit(revoking(subject)))
        return state, {**result, "arn": subject.principal_arn, "general_arn": subject.general_arn}

    return await run_step(operation_id, StepName.UPDATE_POLICY, body)


@engine.step("verify_removal")
async def verify_removal(operation_id: str, arn: str, general_arn: str, *, last: bool) -> Result:
    """Read the policy again. Returns `holds`; the last time a policy that still names the service is a problem."""

    async def body(step: Stepping) -> tuple[StepState, Result]:
        subject = Grantee(step.operation.region, step.operation.service, arn, general_arn)
        return await policy_steps.verify_removal(step, subject, last=last)

    return await run_step(operation_id, StepName.VERIFY_REMOVAL, body)


async def find_roles(step: Stepping) -> dict[str, str]:
    """Return whom to take out: the `arn` of the service's role, and its `general_arn`.

    A service that is gone has none, and is still known by its role's path in the policy.
    """
    operation = step.operation
    services = step.context.aws.services(operation.region)
    try:
        service = await step.call(services.get_service, operation.service)
    except Problem as problem:
        if problem.code != "service.not_found":
            raise
        return {"arn": "", "general_arn": ""}
    return {"arn": service.role.principal_arn, "general_arn": service.general_principal_arn}

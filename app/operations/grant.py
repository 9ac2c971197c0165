"""Grants a container service access to a repository: activates the role, adds its principal to the policy, verifies it.

A repair does the same, and also removes the service's principals in the policy that no longer work.
"""

from __future__ import annotations

from dataclasses import replace

from app.operations import engine, plans, policy_steps, policy_write, role_steps
from app.operations.image import learn_image_uri
from app.operations.state import Kind, Outcome, StepName, StepState
from app.operations.step import Result, Stepping, run_step
from app.operations.workflow import change_until_it_holds, operation


@operation(Kind.GRANT)
async def grant(operation_id: str) -> Outcome:
    """Run a grant, by the operation's id."""
    return await _give_access(operation_id)


@operation(Kind.REPAIR)
async def repair(operation_id: str) -> Outcome:
    """Run a repair, by the operation's id."""
    return await _give_access(operation_id)


async def _give_access(operation_id: str) -> Outcome:
    role = await role_steps.activated_role(operation_id)
    wrote = await merge_role(operation_id, role["arn"], role["general_arn"])
    return Outcome.SUCCEEDED if wrote or role["state"] == StepState.SUCCEEDED else Outcome.NOTHING_TO_DO


async def merge_role(operation_id: str, arn: str, general_arn: str) -> bool:
    """Merge the role into the repository's policy until it holds; whether anything was written."""

    async def verify(policy: Result, last: bool) -> Result:
        # A step that an earlier release recorded does not tell it.
        return await verify_access(operation_id, policy.get("arn", arn), policy["after"], last=last)

    return await change_until_it_holds(lambda: update_policy(operation_id, arn, general_arn), verify)


@engine.step("update_policy")
async def update_policy(operation_id: str, arn: str, general_arn: str) -> Result:
    """Add the role to the repository policy. Returns what `policy_write.write` does, and the role's `arn`."""

    async def body(step: Stepping) -> tuple[StepState, Result]:
        kind = Kind(step.operation.kind)
        circumstances = await policy_steps.circumstances(step)
        subject = plans.Grantee(step.operation.region, step.operation.service, arn, general_arn, circumstances)

        async def look_again() -> policy_write.PolicyEdit | None:
            nonlocal subject
            renewed = await role_steps.find_principal(step)
            if renewed == subject.principal_arn:
                return None
            subject = replace(subject, principal_arn=renewed)
            return edit()

        def edit() -> policy_write.PolicyEdit:
            return policy_write.PolicyEdit(plans.plan_of(kind, subject, {}), subject.principal_arn)

        state, result = await policy_write.write(step, edit(), look_again)
        return state, {**result, "arn": subject.principal_arn}

    return await run_step(operation_id, StepName.UPDATE_POLICY, body)


@engine.step("verify_access")
async def verify_access(operation_id: str, arn: str, after: str | None, *, last: bool) -> Result:
    """Read the policy again and evaluate it. Returns `holds`; the last time a policy that does not hold is a problem.

    So is a role that was deactivated meanwhile: the policy is right then, and the service cannot pull.
    """

    async def body(step: Stepping) -> tuple[StepState, Result]:
        is_item = step.operation.batch_id is not None
        described = await learn_image_uri(step, arn, asks=not is_item)
        # A grant makes at most five calls while the role is active: the registry policy is read only instead of this.
        # A batch reads it once for all of its items.
        rereads = not (described or is_item)
        state, result = await policy_steps.verify_access(step, arn, after, rereads_registry=rereads, last=last)
        if result["holds"]:
            await role_steps.check_role(step, arn)
        return state, result

    return await run_step(operation_id, StepName.VERIFY_ACCESS, body)

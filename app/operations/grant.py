"""Give a container service access to a repository: role on, its principal into the policy, proof. And its repair.

Repairing is the same, and also takes out whatever stood for the service in the policy and no longer works.
"""

from __future__ import annotations

from dataclasses import replace

from app.errors import Problem
from app.operations import engine, plans, policy_steps, policy_write, role_steps
from app.operations.image import learn_image_uri
from app.operations.state import Kind, Outcome, StepName, StepState
from app.operations.step import Result, Stepping, run_step
from app.operations.workflow import done, operation


@operation(Kind.GRANT)
async def grant(operation_id: str) -> Outcome:
    """Workflow of a grant, by the operation's id."""
    return await _give_access(operation_id)


@operation(Kind.REPAIR)
async def repair(operation_id: str) -> Outcome:
    """Workflow of a repair, by the operation's id."""
    return await _give_access(operation_id)


async def _give_access(operation_id: str) -> Outcome:
    role = done(await role_steps.activate_role(operation_id))
    switched = role["state"] == StepState.SUCCEEDED
    if not role["arn"]:
        role = {**role, **done(await role_steps.wait_for_role(operation_id, role["deadline"]))}
    wrote = False
    # A foreign write between our write and its proof may have dropped ours: merge again on what is there now.
    for attempt in range(policy_steps.MERGES):
        policy = done(await update_policy(operation_id, role["arn"], role["general_arn"]))
        # A step that an earlier release recorded does not tell it.
        role = {**role, "arn": policy.get("arn", role["arn"])}
        wrote = wrote or policy["wrote"]
        last = attempt == policy_steps.MERGES - 1
        if done(await verify_access(operation_id, role["arn"], policy["after"], last=last))["holds"]:
            break
    return Outcome.SUCCEEDED if switched or wrote else Outcome.NOTHING_TO_DO


@engine.step("update_policy")
async def update_policy(operation_id: str, arn: str, general_arn: str) -> Result:
    """Merge the role into the repository's policy. Returns what `policy_write.write` does, and the role's `arn`."""

    async def body(step: Stepping) -> tuple[StepState, Result]:
        repairs = step.operation.kind == Kind.REPAIR
        known = await policy_steps.circumstances(step)
        subject = plans.Subject(step.operation.region, step.operation.service, arn, general_arn, known)

        async def look_again() -> policy_write.Wanted | None:
            nonlocal subject
            renewed = await role_steps.find_principal(step)
            if renewed == subject.principal_arn:
                return None
            subject = replace(subject, principal_arn=renewed)
            return wanted()

        def wanted() -> policy_write.Wanted:
            plan = plans.repairing(subject) if repairs else plans.granting(subject)
            return policy_write.Wanted(plan, "policy.repaired" if repairs else "policy.merged", subject.principal_arn)

        state, result = await policy_write.write(step, wanted(), look_again)
        return state, {**result, "arn": subject.principal_arn}

    return await run_step(operation_id, StepName.UPDATE_POLICY, body)


@engine.step("verify_access")
async def verify_access(operation_id: str, arn: str, after: str | None, *, last: bool) -> Result:
    """Read the policy back and judge it. Returns `holds`; the last time a policy that does not hold is a problem.

    So is a role that was switched off meanwhile: the policy is right then, and the service cannot pull.
    """

    async def body(step: Stepping) -> tuple[StepState, Result]:
        described = await learn_image_uri(step, arn)
        # A grant makes at most five calls while the role is active: the registry policy is read only instead of this.
        state, result = await policy_steps.verify_access(step, arn, after, rereads_registry=not described)
        if result["holds"]:
            await role_steps.check_role(step, arn)
        elif last:
            raise Problem("policy.contended", repository=step.operation.repository, times=policy_steps.MERGES)
        return state, result

    return await run_step(operation_id, StepName.VERIFY_ACCESS, body)

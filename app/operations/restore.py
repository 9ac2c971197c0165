"""Writes a repository policy that is known beforehand: a recorded one, one without our change, one without the dead."""

from __future__ import annotations

from app.errors import Problem
from app.history.queries import last_refusal
from app.operations import engine, policy_steps, policy_write
from app.operations.plans import Grantee, Plan, plan_of
from app.operations.state import Kind, Outcome, StepName, StepState
from app.operations.step import Result, Stepping, run_step
from app.operations.workflow import change_until_it_holds, operation


@operation(Kind.RESTORE)
async def restore(operation_id: str) -> Outcome:
    """Workflow of a restore, by the operation's id. Input: `text`, None to have no policy."""
    return await rewrite(operation_id)


@operation(Kind.UNDO)
async def undo(operation_id: str) -> Outcome:
    """Workflow of an undo, by the operation's id. Input: `before` and `after` of the change to take back.

    `principal`: the ARN of the role that this puts back, if it has just been activated.
    """
    return await rewrite(operation_id)


@operation(Kind.PRUNE)
async def prune(operation_id: str) -> Outcome:
    """Workflow of a pruning, by the operation's id. Input: `principals` to choose from what may be pruned."""
    return await rewrite(operation_id)


async def rewrite(operation_id: str) -> Outcome:
    """Write the policy that the operation's kind asks for until it holds."""
    wrote = await change_until_it_holds(
        lambda: rewrite_policy(operation_id), lambda _, last: verify_policy(operation_id, last=last)
    )
    return Outcome.SUCCEEDED if wrote else Outcome.NOTHING_TO_DO


@engine.step("rewrite_policy")
async def rewrite_policy(operation_id: str) -> Result:
    """Write the policy. Returns what `policy_write.write` returns."""

    async def body(step: Stepping) -> tuple[StepState, Result]:
        # An undo that puts a role back names it: it may be too new for ECR.
        principal = step.operation.input.get("principal", "")
        return await policy_write.write(step, policy_write.PolicyEdit(await _plan(step), principal))

    return await run_step(operation_id, StepName.UPDATE_POLICY, body)


@engine.step("verify_policy")
async def verify_policy(operation_id: str, *, last: bool) -> Result:
    """Read the policy again. Returns `holds`; the last time, and for a restore at once, a difference is a problem."""

    async def body(step: Stepping) -> tuple[StepState, Result]:
        restores = step.operation.kind == Kind.RESTORE
        state, result = await policy_steps.verify_text(step, await _plan(step), last=last and not restores)
        if restores and not result["holds"]:
            # It replaces the whole policy, so it cannot be merged with what others wrote since.
            raise Problem("policy.changed_after", repository=step.operation.repository)
        return state, result

    return await run_step(operation_id, StepName.VERIFY_POLICY, body)


async def _plan(step: Stepping) -> Plan:
    operation, kind, refusal = step.operation, Kind(step.operation.kind), None
    if kind is Kind.PRUNE:
        refusal = await step.context.in_db(last_refusal, operation.repository_key)
    return plan_of(kind, Grantee(operation.region, operation.service, ""), operation.input, refusal)

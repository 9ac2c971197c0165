"""The part of a batch that concerns one service: its role once, then the items, each an operation of its own."""

from __future__ import annotations

from typing import Any

from app.errors import Problem
from app.history import batches
from app.operations import engine, policy_steps, role_steps
from app.operations.batch_items import ItemRun, settle
from app.operations.context import current
from app.operations.item_changes import BatchRole
from app.operations.revoke import find_roles
from app.operations.state import GIVES_ACCESS, NOT_DONE, Kind, Outcome, StepName, StepState
from app.operations.step import CancelledHere, Result, Stepping, run_step
from app.operations.workflow import done, operation


async def _end_items(operation_id: str, outcome: Outcome, problem: dict[str, Any] | None) -> None:
    """Leave no item without somebody who works on it: the role could not be activated, or the batch was cancelled."""
    ending = Outcome.CANCELLED if outcome is Outcome.CANCELLED else Outcome.FAILED
    item_problem = None if ending is Outcome.CANCELLED else problem
    if outcome in NOT_DONE:
        await settle_items(operation_id, item_problem)
    context = current()
    runner = await context.in_db(batches.get_runner, operation_id)
    await context.in_db(batches.end_all_items, runner, ending, item_problem, context.clock.now())


@engine.step("settle_items")
async def settle_items(operation_id: str, problem: dict[str, Any] | None) -> None:
    """End the items that were at work when their process died, once it is known what was sent for each."""
    context = current()
    await settle(context, await context.in_db(batches.get_runner, operation_id), problem)


@operation(Kind.BATCH, before_end=_end_items)
async def run_batch(operation_id: str) -> Outcome:
    """Workflow of a batch's items of one service. Input: `action`, the kind of its items."""
    role = BatchRole()
    if await action_of(operation_id) in GIVES_ACCESS:
        activated = await role_steps.activated_role(operation_id)
        is_new = activated["state"] == StepState.SUCCEEDED
        role = BatchRole(activated["arn"], activated["general_arn"], is_new=is_new)
    changed = done(await change_policies(operation_id, role.arn, role.general_arn, is_new=role.is_new))
    return Outcome.NOTHING_TO_DO if changed["state"] == StepState.SKIPPED else Outcome.SUCCEEDED


@engine.step("action_of_batch")
async def action_of(operation_id: str) -> str:
    """Return what the batch does: the kind of its items."""
    context = current()
    runner = await context.in_db(batches.get_runner, operation_id)
    return str(runner.input["action"])


@engine.step("change_policies")
async def change_policies(operation_id: str, arn: str, general_arn: str, *, is_new: bool) -> Result:
    """Run every item that has not ended. One whose change fails stops no other; that some failed is a problem."""

    async def body(step: Stepping) -> tuple[StepState, Result]:
        role = await _role(step, BatchRole(arn, general_arn, is_new=is_new))
        if Kind(step.operation.input["action"]) in GIVES_ACCESS:
            await policy_steps.refresh_registry(step)
        await ItemRun(step, role).run()
        return await _result(step)

    return await run_step(operation_id, StepName.CHANGE_POLICIES, body, resumes=True)


async def _role(step: Stepping, role: BatchRole) -> BatchRole:
    """Return the roles of the service: read once for all items, where the batch takes access away."""
    if Kind(step.operation.input["action"]) is not Kind.REVOKE:
        return role
    arns = await find_roles(step)
    return BatchRole(arns["arn"], arns["general_arn"])


async def _result(step: Stepping) -> tuple[StepState, Result]:
    context, runner = step.context, step.operation
    counts = await context.in_db(batches.counts_of_runner, runner)
    total, failed = sum(counts.values()), counts.get(Outcome.FAILED, 0)
    if counts.get(Outcome.CANCELLED, 0) and step.cancelled.is_set():
        raise CancelledHere
    if failed:
        raise Problem("batch.items_failed", failed=failed, count=total)
    step.because("batch.done", count=total)
    changed = counts.get(Outcome.SUCCEEDED, 0)
    return (StepState.SUCCEEDED if changed else StepState.SKIPPED), {}

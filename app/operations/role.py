"""Activates or deactivates a service's image puller role alone, with its statements on request."""

from __future__ import annotations

from app.errors import Problem
from app.history import queries, store
from app.operations import engine, role_steps
from app.operations.naming import repositories_naming
from app.operations.parts import changed_by_parts, failed_parts, preview_of_part, stop_parts
from app.operations.service_steps import read_service
from app.operations.state import Kind, Outcome, StepName, StepState
from app.operations.step import Result, Stepping, run_step
from app.operations.workflow import done, operation


@operation(Kind.ACTIVATE)
async def activate(operation_id: str) -> Outcome:
    """Run the activation of the role, by the operation's id."""
    role = await role_steps.activated_role(operation_id)
    return Outcome.NOTHING_TO_DO if role["state"] == StepState.SKIPPED else Outcome.SUCCEEDED


@operation(Kind.DEACTIVATE, before_end=stop_parts)
async def deactivate(operation_id: str) -> Outcome:
    """Run the deactivation of the role, by the operation's id.

    Input: `remove_statements`, whether to remove the service from the policies that name it first. The role's principal
    is deleted with it, and ECR refuses every write of a policy that names such a principal. With a preview also what
    `parts.preview_of_part` needs.
    """
    removed = done(await remove_statements(operation_id))
    role = done(await role_steps.deactivate_role(operation_id))
    done(await wait_for_role_off(operation_id, role["deadline"]))
    nothing = role["state"] == StepState.SKIPPED and removed["state"] == StepState.SKIPPED
    return Outcome.NOTHING_TO_DO if nothing else Outcome.SUCCEEDED


@engine.step("remove_statements", waits=True)
async def remove_statements(operation_id: str) -> Result:
    """Let grants of the service end, then remove it from every policy that names it if that is requested."""

    async def body(step: Stepping) -> tuple[StepState, Result]:
        await _let_grants_end(step)
        if not step.operation.input.get("remove_statements"):
            step.because("statements.kept")
            return StepState.SKIPPED, {}
        await _record_role(step)
        await _remove_all(step)
        count = await changed_by_parts(step, Kind.REVOKE)
        step.because("statements.removed" if count else "statements.none", count=count)
        return (StepState.SUCCEEDED if count else StepState.SKIPPED), {}

    return await run_step(operation_id, StepName.REMOVE_STATEMENTS, body)


@engine.step("wait_for_role_off", waits=True)
async def wait_for_role_off(operation_id: str, deadline: float) -> Result:
    """Wait until AWS shows the role as inactive, then remove what named it meanwhile.

    Raises:
        Problem: `role.switched_on` if someone has activated the role again.
    """

    async def body(step: Stepping) -> tuple[StepState, Result]:
        await role_steps.wait_until_off(step, deadline)
        if step.operation.input.get("remove_statements"):
            await _remove_all(step, otherwise="role.off_but_named")
        await role_steps.check_role_off(step)
        return StepState.SUCCEEDED, {}

    return await run_step(operation_id, StepName.WAIT_FOR_ROLE_OFF, body)


async def _let_grants_end(step: Stepping) -> None:
    """Wait for the service's grants that were requested before; new ones are refused while this operation is live."""
    context = step.context
    seen = context.running.changes
    while count := await context.in_db(queries.count_live_grants, step.operation.service_key):
        await step.note("role.waits_for_grants", count=count)
        await step.pause_for_change(seen)
        seen = context.running.changes


async def _record_role(step: Stepping) -> None:
    """Record the role's principals, so that an undo can tell the statements that it can put back."""
    if "role" in step.operation.input:
        return  # a run before a crash, when it was certainly on
    service = await read_service(step)
    role = {"arn": service.role.principal_arn, "general_arn": service.general_principal_arn}
    await step.context.in_db(store.input_noted, step.operation.id, role=role)


async def _remove_all(step: Stepping, otherwise: str = "role.still_named") -> None:
    """Remove the service from every policy known to name it, each by an operation of its own.

    Raises:
        Problem: `otherwise` with the repositories whose policy could not be changed.
    """
    context, operation = step.context, step.operation
    removed: dict[str, str] = {}
    while True:
        naming = await context.in_db(repositories_naming, operation.service_key)
        left = [repository for repository in naming if repository not in removed]
        if not left:
            return
        for repository in left:
            shown = preview_of_part(operation.input, repository)
            removed[repository] = await context.blocking(context.start_part, operation, Kind.REVOKE, repository, shown)
        if failed := await failed_parts(step, list(removed.values())):
            raise Problem(otherwise, service=operation.service, repositories=", ".join(sorted(failed)))

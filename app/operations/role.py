"""Switch a service's image puller role on or off by itself, taking its statements along when asked to."""

from __future__ import annotations

from app.errors import Problem
from app.history import queries
from app.history.living import count_living
from app.history.queries import repositories_with_outcome
from app.operations import engine, role_steps
from app.operations.naming import repositories_naming
from app.operations.state import NOT_DONE, Kind, Outcome, StepName, StepState
from app.operations.step import Result, Stepping, run_step
from app.operations.workflow import done, operation

# Seconds between two looks at the removals, each of which is an operation of its own.
LOOK_SECONDS = 0.5


@operation(Kind.ACTIVATE)
async def activate(operation_id: str) -> Outcome:
    """Workflow that switches the role on, by the operation's id."""
    role = done(await role_steps.activate_role(operation_id))
    if not role["arn"]:
        done(await role_steps.wait_for_role(operation_id, role["deadline"]))
    return Outcome.NOTHING_TO_DO if role["state"] == StepState.SKIPPED else Outcome.SUCCEEDED


@operation(Kind.DEACTIVATE)
async def deactivate(operation_id: str) -> Outcome:
    """Workflow that switches the role off, by the operation's id.

    Input: `remove_statements`, whether to take the service out of the policies that name it first. The role's
    principal ceases to exist with it, and ECR refuses every write of a policy that names such a principal.
    """
    removed = done(await remove_statements(operation_id))
    role = done(await role_steps.deactivate_role(operation_id))
    done(await wait_for_role_off(operation_id, role["deadline"]))
    nothing = role["state"] == StepState.SKIPPED and removed["state"] == StepState.SKIPPED
    return Outcome.NOTHING_TO_DO if nothing else Outcome.SUCCEEDED


@engine.step("remove_statements", waits=True)
async def remove_statements(operation_id: str) -> Result:
    """Let grants of the service end, then take it out of every policy that names it if that is requested."""

    async def body(step: Stepping) -> tuple[StepState, Result]:
        await _let_grants_end(step)
        if not step.operation.input.get("remove_statements"):
            step.because("statements.kept")
            return StepState.SKIPPED, {}
        count = await _remove_all(step)
        step.because("statements.removed" if count else "statements.none", count=count)
        return (StepState.SUCCEEDED if count else StepState.SKIPPED), {}

    return await run_step(operation_id, StepName.REMOVE_STATEMENTS, body)


@engine.step("wait_for_role_off", waits=True)
async def wait_for_role_off(operation_id: str, deadline: float) -> Result:
    """Wait until AWS shows the role as off, then remove what named it meanwhile.

    Raises:
        Problem: `role.switched_on` where somebody has activated the role again.
    """

    async def body(step: Stepping) -> tuple[StepState, Result]:
        await role_steps.wait_until_off(step, deadline)
        if step.operation.input.get("remove_statements"):
            await _remove_all(step)
        await role_steps.check_role_off(step)
        return StepState.SUCCEEDED, {}

    return await run_step(operation_id, StepName.WAIT_FOR_ROLE_OFF, body)


async def _let_grants_end(step: Stepping) -> None:
    """Wait for the service's grants that were requested before; new ones are refused while this operation lives."""
    context, operation = step.context, step.operation
    service = (operation.connection, operation.region, operation.service)
    while count := await context.in_db(queries.count_live_grants, context.db, *service):
        await step.note("role.waits_for_grants", count=count)
        await step.pause(LOOK_SECONDS)


async def _remove_all(step: Stepping) -> int:
    """Take the service out of every policy known to name it, each by an operation of its own: how many.

    Raises:
        Problem: `role.still_named` with the repositories whose policy could not be changed.
    """
    context, operation = step.context, step.operation
    service = (operation.connection, operation.region, operation.service)
    removed: dict[str, str] = {}
    while True:
        naming = await context.in_db(repositories_naming, context.db, *service)
        left = [repository for repository in naming if repository not in removed]
        if not left:
            return len(removed)
        for repository in left:
            removed[repository] = await context.in_db(context.start_revoke, operation, repository)
        while await context.in_db(count_living, context.db, list(removed.values())):
            await step.pause(LOOK_SECONDS)
        failed = await context.in_db(repositories_with_outcome, context.db, list(removed.values()), NOT_DONE)
        if failed:
            raise Problem("role.still_named", service=operation.service, repositories=", ".join(failed))

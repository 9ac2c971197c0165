"""Switch a service's image puller role on or off by itself, taking its statements along when asked to."""

from __future__ import annotations

from sqlalchemy import func, select

from app.errors import Problem
from app.history.models import Operation
from app.operations import engine, role_steps
from app.operations.context import Context
from app.operations.state import NOT_DONE, Kind, Outcome, StepName, StepState
from app.operations.stepping import Result, Stepping, run_step
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

    Input: `repositories`, those to take the service out of first. The role's principal dies with it, and a policy
    that still names a dead principal cannot be written any more, so the statements go before the role does.
    """
    removed = done(await remove_statements(operation_id))
    role = done(await role_steps.deactivate_role(operation_id))
    done(await role_steps.wait_for_role_off(operation_id, role["deadline"]))
    nothing = role["state"] == StepState.SKIPPED and removed["state"] == StepState.SKIPPED
    return Outcome.NOTHING_TO_DO if nothing else Outcome.SUCCEEDED


@engine.step("remove_statements", waits=True)
async def remove_statements(operation_id: str) -> Result:
    """Take the service out of the repositories of the input, each by an operation of its own, one per repository."""
    return await run_step(operation_id, StepName.REMOVE_STATEMENTS, _remove)


async def _remove(step: Stepping) -> tuple[StepState, Result]:
    context, operation = step.context, step.operation
    repositories: list[str] = operation.input.get("repositories", [])
    if not repositories:
        step.because("statements.kept")
        return StepState.SKIPPED, {}
    children = [await context.in_db(context.start_revoke, operation, repository) for repository in repositories]
    while await context.in_db(_living, context, children):
        await step.pause(LOOK_SECONDS)
    failed = await context.in_db(_failed, context, children)
    if failed:
        raise Problem("role.still_named", service=operation.service, repositories=", ".join(failed))
    step.because("statements.removed", count=len(repositories))
    return StepState.SUCCEEDED, {}


def _living(context: Context, ids: list[str]) -> int:
    with context.db.read() as session:
        count = select(func.count()).select_from(Operation)
        return session.scalar(count.where(Operation.id.in_(ids), Operation.outcome.is_(None))) or 0


def _failed(context: Context, ids: list[str]) -> list[str]:
    with context.db.read() as session:
        return list(
            session.scalars(select(Operation.repository).where(Operation.id.in_(ids), Operation.outcome.in_(NOT_DONE)))
        )

"""Reading an operation's service, and waiting with all others in its Region for what becomes of it."""

from __future__ import annotations

from datetime import timedelta

from app.aws.ports import ContainerService
from app.aws.role_poller import Goal
from app.inventory import store
from app.operations.step import CancelledHere, Stepping

# A service that is deploying or updating refuses changes; how long to wait for it.
BUSY_LIMIT = timedelta(minutes=10)


async def read_service(step: Stepping) -> ContainerService:
    """Read the operation's service; the inventory then knows it too. Raises Problem `service.not_found`."""
    services = step.context.aws.services(step.operation.region)
    service = await step.call(services.get_service, step.operation.service)
    await remember(step, service)
    return service


async def wait_until(step: Stepping, deadline: float, goal: Goal, limit: timedelta | None = None) -> ContainerService:
    """Wait with all others in this region until AWS shows the service as `goal` wants it.

    `limit` is how long that is in all, None for as long as a role may take.
    """
    context, operation = step.context, step.operation
    limit = limit or timedelta(seconds=context.role_wait_seconds)
    service = await context.poller.wait(
        operation.region,
        operation.service,
        seconds_left(step, deadline, limit),
        goal,
        minutes=max(1, round(limit.total_seconds() / 60)),
        cancelled=step.cancelled,
        on_note=step.note_soon,
    )
    if service is None:
        raise CancelledHere
    await remember(step, service)
    return service


def seconds_left(step: Stepping, deadline: float, limit: timedelta) -> float:
    """Seconds until a deadline; after a restart at least a third of the whole wait, whatever the clock says."""
    seconds = limit.total_seconds()
    return step.context.deadlines.left(deadline, limit=seconds, least=seconds / 3)


async def remember(step: Stepping, service: ContainerService) -> None:
    """Let pages show a service as it was read."""
    context = step.context
    await context.in_db(store.remember_service, context.connection, service, context.clock.now())

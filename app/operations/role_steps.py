"""The steps that switch a service's ECR image puller role and wait for the result."""

from __future__ import annotations

from functools import partial

from app.aws.ports import ContainerService
from app.aws.role_poller import ROLE_OFF, ROLE_READY, SERVICE_SETTLED
from app.errors import Problem
from app.inventory import queries
from app.operations import engine
from app.operations.service_steps import BUSY_LIMIT, read_service, remember, seconds_left, wait_until
from app.operations.state import StepName, StepState
from app.operations.step import Result, Stepping, run_step
from app.operations.workflow import done

# Seconds to the next try, at most, while AWS refuses changes to a service that it shows as settled.
LONGEST_PAUSE = 15.0
# Seconds between reads after which a role that reads differently is another one: AWS may return an older state.
SURE_AFTER = (2.0, 3.0)


async def activated_role(operation_id: str) -> Result:
    """Run the steps after which the role is active. Raises Stopped.

    Returns:
        Its `arn` and `general_arn`; `state`: SUCCEEDED where this has activated it.
    """
    role = done(await activate_role(operation_id))
    if role["arn"]:
        return role
    return {**role, **done(await wait_for_role(operation_id, role["deadline"])), "state": role["state"]}


@engine.step("activate_role")
async def activate_role(operation_id: str) -> Result:
    """Activate the role, unless it is active. If its principal exists already, the wait for it is closed as not needed.

    Returns:
        `arn`: its principal, "" while AWS has not made it; `general_arn`; `deadline`: how long to wait for it, a UTC
        time in seconds, fixed here so that a restart does not extend it.
    """
    return await run_step(operation_id, StepName.ACTIVATE_ROLE, _activate, resumes=True)


async def _activate(step: Stepping) -> tuple[StepState, Result]:
    service = await read_service(step)
    deadline = step.context.deadlines.after(step.context.role_wait_seconds)
    state = StepState.SUCCEEDED
    if not service.role.is_active:
        service = await _switch(step, active=True)
    elif step.operation.input.get("role_switched") is not True:
        step.because("role.was_active")
        state = StepState.SKIPPED
    if service.role.principal_arn:
        step.skip(StepName.WAIT_FOR_ROLE)
    return state, {"deadline": deadline, **_arns(service)}


@engine.step("wait_for_role", waits=True)
async def wait_for_role(operation_id: str, deadline: float) -> Result:
    """Wait until the role's principal exists. Returns its `arn` and `general_arn`."""

    async def body(step: Stepping) -> tuple[StepState, Result]:
        await step.note("role.usually")
        service = await wait_until(step, deadline, ROLE_READY)
        return StepState.SUCCEEDED, _arns(service)

    return await run_step(operation_id, StepName.WAIT_FOR_ROLE, body)


@engine.step("deactivate_role")
async def deactivate_role(operation_id: str) -> Result:
    """Deactivate the role, unless it is inactive. Returns `deadline`, as `activate_role` does."""

    async def body(step: Stepping) -> tuple[StepState, Result]:
        service = await read_service(step)
        deadline = step.context.deadlines.after(step.context.role_wait_seconds)
        if not service.role.is_active:
            if step.operation.input.get("role_switched") is True:
                return StepState.SUCCEEDED, {"deadline": deadline}
            step.because("role.was_off")
            return StepState.SKIPPED, {"deadline": deadline}
        await _switch(step, active=False)
        return StepState.SUCCEEDED, {"deadline": deadline}

    return await run_step(operation_id, StepName.DEACTIVATE_ROLE, body, resumes=True)


async def wait_until_off(step: Stepping, deadline: float) -> None:
    """Wait until AWS shows the role as off."""
    await wait_until(step, deadline, ROLE_OFF)


async def check_role_off(step: Stepping) -> None:
    """Make sure that the role is still inactive.

    Raises:
        Problem: `role.switched_on` when AWS shows it as active for some seconds.
    """
    for seconds in (*SURE_AFTER, None):
        if not (await read_service(step)).role.is_active:
            return
        if seconds is None:
            raise Problem("role.switched_on", **step.about)
        await step.pause(seconds)


async def find_principal(step: Stepping) -> str:
    """Read the service and return its role's current principal ARN.

    Raises:
        Problem: `role.switched_off` if it has none.
    """
    role = (await read_service(step)).role
    if not role.ready:
        raise Problem("role.switched_off", **step.about)
    return role.principal_arn


async def check_role(step: Stepping, arn: str) -> None:
    """Make sure that the service still pulls as this principal, which the policy is verified to allow.

    Calls AWS only if another operation or the background sync has seen it otherwise meanwhile.

    Raises:
        Problem: `role.switched_off` when AWS says for some seconds that the role is inactive or another one.
    """
    context, operation = step.context, step.operation
    if await context.in_db(queries.role_of, operation.service_key) == (True, arn):
        return
    for seconds in (*SURE_AFTER, None):
        role = (await read_service(step)).role
        if (role.is_active, role.principal_arn) == (True, arn):
            return
        if seconds is None:
            raise Problem("role.switched_off", **step.about)
        await step.pause(seconds)


async def _switch(step: Stepping, *, active: bool) -> ContainerService:
    """Request AWS to switch the role, waiting while the service is in a state that refuses it."""
    context, operation = step.context, step.operation
    switch = partial(context.aws.services(operation.region).set_role_active, operation.service, active=active)
    # Recorded before each request: a run that finds the role switched after a crash knows that it was this operation.
    # One that began before this was recorded would not know it.
    request = partial(step.change, switch, "switch-planned", role_switched=True)
    give_up, pause, refused = context.deadlines.after(BUSY_LIMIT.total_seconds()), 0.0, False
    while True:
        step.check_cancelled()
        try:
            service = await step.patiently(request)
        except Problem as problem:
            if problem.code == "service.refused" and not refused:
                # AWS's text does not say why, and the state that caused it may have passed before it was read.
                refused = True
                await step.pause(SURE_AFTER[0])
                continue
            if problem.code != "service.busy" or not seconds_left(step, give_up, BUSY_LIMIT):
                raise
            service = await read_service(step)
            if service.role.is_active == active:
                return service  # another operation's change, or ours whose answer was lost, keeps it busy
            await step.note("service.busy", state=service.state)
            service = await wait_until(step, give_up, SERVICE_SETTLED, BUSY_LIMIT)
            if service.role.is_active == active:
                return service
            await step.pause(pause)
            pause = min(LONGEST_PAUSE, 2 * pause or 1.0)
        else:
            context.crash("role-switched")
            await remember(step, service)
            return service


def _arns(service: ContainerService) -> Result:
    return {"arn": service.role.principal_arn, "general_arn": service.general_principal_arn}

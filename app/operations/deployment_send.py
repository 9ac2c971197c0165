"""Sends a deployment exactly once, although AWS takes no token for that: the versions tell whether one was taken.

Before a deployment is sent, the newest version is noted. A run after a crash, or after a lost answer, looks for a later
version that is the same, for as long as AWS may still carry out what was sent. AWS refuses a second deployment while
the first is on its way, so that two can't be taken at once. What is sent holds values of environment variables: it is built again for each try and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from app.aws.deployment_ports import DeployedVersion
from app.aws.role_poller import SERVICE_SETTLED
from app.deployments.change import compare
from app.deployments.plan import PlannedDeployment, active_version, is_busy, is_the_same, newest_version
from app.errors import Problem
from app.operations.service_steps import BUSY_LIMIT, read_service, seconds_left, wait_until
from app.operations.step import PASSES_BY_ITSELF, Stepping

# Seconds to the second look for a deployment whose answer was lost; then the pauses double.
FIRST_PAUSE = 0.5
# Seconds between two looks, and between two tries while AWS refuses a deployment to a service that it shows as settled.
LONGEST_PAUSE = 15.0

Plan = Callable[[Sequence[DeployedVersion], int], PlannedDeployment]
"""From the versions there are, and the version that an earlier run started from (0 for none), to what is deployed."""


@dataclass(frozen=True)
class Marks:
    """Where an operation's input notes what is about to be sent: the newest version before it, and what it is made of."""

    sent_after: str
    base: str
    change: str


DEPLOYED = Marks("sent_after", "base", "change")
ROLLED_BACK = Marks("rolled_back_after", "rolled_back_to", "rolled_back_change")
NOTED = frozenset(name for marks in (DEPLOYED, ROLLED_BACK) for name in (marks.sent_after, marks.base, marks.change))
"""What this notes in an operation's input."""


@dataclass(frozen=True)
class Sent:
    """A deployment that AWS took. `active_before`: the version that ran until then, 0 for none; `other`: see `Note`."""

    version: int
    active_before: int
    is_found: bool = False
    other: int = 0


@dataclass
class _Sending:
    step: Stepping
    plan: Plan
    marks: Marks
    previewed: str
    follows: int
    give_up: float
    sent_after: int | None
    base: int
    active_before: int = 0
    is_unanswered: bool = False
    looks: list[float] = field(default_factory=list)
    pause: float = 1.0


async def send(step: Stepping, plan: Plan, marks: Marks, previewed: str = "", *, follows: int = 0) -> Sent:
    """Deploy what `plan` makes of the versions, once.

    Args:
        step: the step that does it.
        plan: what is deployed.
        marks: where it is noted.
        previewed: the fingerprint of the change that was shown, "" where none was.
        follows: the version that must be the newest until then, so that nobody's later one is replaced; 0 for any.

    Raises:
        Problem: `deployment.changed_meanwhile` where it is no longer what was shown; `rollback.overtaken` where a later
            version than `follows` was deployed; `service.busy` when the service takes no deployment for ten minutes;
            `deployment.unconfirmed` when AWS answers none for ten minutes; `deployment.refused`; else AWS's or the
            plan's.
    """
    noted = step.operation.input
    sent_after = noted.get(marks.sent_after)
    give_up = step.context.deadlines.after(BUSY_LIMIT.total_seconds())
    work = _Sending(step, plan, marks, previewed, follows, give_up, sent_after, noted.get(marks.base, 0))
    if sent_after is not None:
        _expect_late(work)
    while True:
        sent = await _try(work)
        if sent is not None:
            return sent


async def _try(work: _Sending) -> Sent | None:
    """Look, and send if there is nothing to find or to wait for. None: look again."""
    step = work.step
    context, operation = step.context, step.operation
    versions = await step.call(context.aws.deployments(operation.region).list_versions, operation.service)
    planned = await context.in_thread(work.plan, versions, work.base)
    if work.sent_after is not None:
        taken = _taken(versions, work.sent_after, planned)
        if taken is not None:
            return Sent(taken, work.active_before or _active_before(versions, taken), is_found=True)
        if work.looks:
            await step.note("deployment.unanswered")
            await context.clock.sleep(work.looks.pop(0))
            return None
        if work.is_unanswered and not seconds_left(step, work.give_up, BUSY_LIMIT):
            raise Problem("deployment.unconfirmed", **step.about, minutes=10)
        planned = await context.in_thread(work.plan, versions, 0)  # of what runs by now
    if work.follows and newest_version(versions) > work.follows:
        raise Problem("rollback.overtaken", **step.about, other=newest_version(versions))
    if is_busy(versions):
        await _wait_while_busy(work)
        return None
    step.check_cancelled()
    return await _send(work, versions, planned)


async def _send(work: _Sending, versions: Sequence[DeployedVersion], planned: PlannedDeployment) -> Sent | None:
    step = work.step
    context, operation = step.context, step.operation
    change = compare(planned.compared_with, planned.before, planned.after)
    if work.previewed and change.fingerprint() != work.previewed:
        raise Problem("deployment.changed_meanwhile", service=operation.service)
    newest, active = newest_version(versions), active_version(versions)
    work.sent_after = newest if work.sent_after is None else work.sent_after
    work.base = planned.base
    work.active_before = active.version if active else 0
    values: dict[str, Any] = {work.marks.sent_after: work.sent_after, work.marks.base: planned.base}
    values[work.marks.change] = asdict(change)
    deployments = context.aws.deployments(operation.region)
    send_it = partial(deployments.deploy, operation.service, planned.after)
    try:
        version = await step.change(send_it, "deployment-planned", **values)
    except Problem as problem:
        await _be_patient(work, problem)
        return None
    context.crash("deployment-sent")
    if version > newest:
        return Sent(version, work.active_before, other=version - 1 if version > newest + 1 else 0)
    _expect_late(work)  # it failed at once, or the answer is older: the list of versions tells which it is
    return None


async def _be_patient(work: _Sending, problem: Problem) -> None:
    """Wait for what passes by itself. Raises the problem that does not."""
    step = work.step
    work.is_unanswered = problem.effect_unknown
    if problem.effect_unknown:
        _expect_late(work)
        await step.note("deployment.unanswered")
        return
    if problem.code in PASSES_BY_ITSELF and seconds_left(step, work.give_up, BUSY_LIMIT):
        await step.note_again(problem, work.pause)
        await step.pause(work.pause)
        work.pause = min(LONGEST_PAUSE, 2 * work.pause)
        return
    if problem.code == "service.refused":
        problem = await _refusal(step, problem)
    if problem.code != "service.busy" or not seconds_left(step, work.give_up, BUSY_LIMIT):
        raise problem
    await _wait_while_busy(work)


async def _wait_while_busy(work: _Sending) -> None:
    """Wait until the service is settled, for ten minutes at most. Raises Problem `service.never_settled`."""
    step = work.step
    service = await read_service(step)
    if service.is_settled:  # it has just become so, or AWS's answers differ
        if not seconds_left(step, work.give_up, BUSY_LIMIT):
            raise Problem("service.never_settled", retryable=True, **step.about, state=service.state, minutes=10)
        await step.pause(work.pause)
        work.pause = min(LONGEST_PAUSE, 2 * work.pause)
        return
    await step.note("service.busy", state=service.state)
    await wait_until(step, work.give_up, SERVICE_SETTLED, BUSY_LIMIT)


async def _refusal(step: Stepping, problem: Problem) -> Problem:
    """Why AWS refuses the deployment: the service's state says it where AWS's text doesn't."""
    service = await read_service(step)
    if service.is_disabled:
        return Problem("deployment.service_disabled", service=service.name)
    busy = not service.is_settled
    stored = {**problem.to_json(), "code": "service.busy" if busy else "deployment.refused", "retryable": busy}
    return Problem.from_json({**stored, "params": {**problem.params, "state": service.state}})


def _expect_late(work: _Sending) -> None:
    """Look for as long as AWS may still carry it out, before it is sent again."""
    work.looks = list(_pauses(work.step.context.late_write_seconds))


def _pauses(seconds: float) -> Iterator[float]:
    """Yield the pauses between looks, in seconds, that take `seconds` in all."""
    pause = FIRST_PAUSE
    while seconds > 0:
        yield min(pause, seconds)
        seconds -= pause
        pause = min(2 * pause, LONGEST_PAUSE)


def _taken(versions: Sequence[DeployedVersion], after: int, planned: PlannedDeployment) -> int | None:
    """Return the version that is what was sent, None where there is none."""
    later = [each for each in versions if each.version > after and is_the_same(each.spec, planned.after)]
    return min((each.version for each in later), default=None)


def _active_before(versions: Sequence[DeployedVersion], taken: int) -> int:
    """Return the version that ran before the one that was taken, as far as the states still tell."""
    ran = (each.version for each in versions if each.version < taken and each.state in {"ACTIVE", "INACTIVE"})
    return max(ran, default=0)

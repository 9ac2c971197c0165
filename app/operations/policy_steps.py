"""Reading a repository's policy, and proving by reading it back what an operation did.

Somebody else may write a policy at any moment: each proof says whether ours holds, and the workflow merges again if not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.errors import Problem
from app.history import policy_writes
from app.inventory import policies
from app.inventory.circumstances import Circumstances, circumstances_of
from app.inventory.registries import KnownRegistry, find_registry, read_registry, remember_registry
from app.operations import plans
from app.operations.messages import CONDITIONAL
from app.operations.plans import Plan, Subject
from app.operations.state import StepState
from app.operations.step import Result, Stepping
from app.policy.canonical import equivalent
from app.policy.evaluate import Access
from app.policy.layers import Layer
from app.policy.stale_reads import seems_older

# How often a policy that somebody else writes to at the same time is merged again before a person is asked.
MERGES = 5
# Seconds between readings while ECR tells a text that seems older than our last write; after that somebody wrote it.
CATCHES_UP = (0.25, 0.5, 1, 2)
JUST_NOW = timedelta(minutes=10)
# A registry policy that was read this long ago is read again where an operation has a call left for it.
REGISTRY_FRESH = timedelta(seconds=60)
REMEMBERED = 5  # writes whose texts are known when they are told again


@dataclass(frozen=True)
class PolicyReading:
    """A policy as ECR told it, and when it was asked."""

    text: str | None
    at: datetime


async def read(step: Stepping) -> str | None:
    """The policy as it stands, which pages then show too."""
    return (await look(step, keeps=True)).text


async def keep(step: Stepping, reading: PolicyReading) -> None:
    """Let pages show a reading."""
    await step.context.in_db(_keep, step, reading)


async def look(step: Stepping, *, keeps: bool = False) -> PolicyReading:
    """The policy as it stands; pages show it if it `keeps`.

    A text that seems older than our own last write is not believed at once: a write based on it would take back what
    another operation of ours has done.
    """
    context, operation = step.context, step.operation
    for seconds in (*CATCHES_UP, None):
        at = context.clock.now()
        text: str | None = await step.call(context.aws.repositories(operation.region).get_policy, operation.repository)
        reading = PolicyReading(text, at)
        if await context.in_db(_believed, step, reading, keeps=keeps, last=seconds is None):
            return reading
        await context.clock.sleep(seconds or 0)
    raise AssertionError("the last reading is believed")


def _believed(step: Stepping, reading: PolicyReading, *, keeps: bool, last: bool) -> bool:
    """Whether a reading is no older than our own last write, as far as can be told."""
    if not last and seems_older(reading.text, _last_writes(step, reading.at - JUST_NOW)):
        return False
    if keeps:
        _keep(step, reading)
    return True


def _last_writes(step: Stepping, since: datetime) -> tuple[policy_writes.Written, ...]:
    operation = step.operation
    key = (operation.connection, operation.region, operation.repository)
    return policy_writes.last_writes(step.context.db, *key, since=since, count=REMEMBERED)


def _keep(step: Stepping, reading: PolicyReading) -> None:
    operation = step.operation
    key = (operation.connection, operation.region, operation.repository)
    policies.remember_policy(step.context.db, *key, reading.text, at=reading.at)


async def verify_access(
    step: Stepping, arn: str, after: str | None, *, rereads_registry: bool
) -> tuple[StepState, Result]:
    """Check by both policies that the role may pull; `rereads_registry` where a call more may be made for it.

    Returns `holds`: False when somebody else's write took ours away meanwhile.

    Raises:
        Problem: `access.denied` when an explicit Deny refuses the role, whatever else the policy allows.
    """
    text = await read(step)
    registry = await registry_of(step, rereads=rereads_registry)
    known = await circumstances(step)
    verdict = await step.context.in_thread(known.verdict, text, arn)
    if verdict.access is Access.NOT_ALLOWED:
        step.because("policy.foreign_write")
        return StepState.PENDING, {"holds": False}
    if verdict.access is Access.DENIED:
        by_registry = Layer.REPOSITORY not in verdict.layers
        raise denied(
            step, str(verdict.params["registry_statement" if by_registry else "statement"]), by_registry=by_registry
        )
    if verdict.access is Access.CONDITIONAL:
        step.because(CONDITIONAL)
    elif equivalent(text, after):
        _say_allowed(step, registry)
    else:
        step.because("policy.foreign_write")
    return StepState.SUCCEEDED, {"holds": True}


def _say_allowed(step: Stepping, registry: KnownRegistry) -> None:
    """Leave the remark that the role is allowed, and by which policies."""
    if registry.read_at is None:
        step.because("access.allowed_unread")
    elif registry.policy.text is None:
        step.because("access.allowed")
    else:
        age = step.context.clock.now() - registry.read_at
        step.because("access.not_denied_by_registry", seconds=max(0, round(age.total_seconds())))


async def registry_of(step: Stepping, *, rereads: bool) -> KnownRegistry:
    """Return what is known of the registry policy, read again first where that is old and a call may be made for it.

    It is read by one call; its scope too, where there is a policy whose scope is not known. A registry that can't be
    read keeps nobody from having access: the remark says so.
    """
    context, operation = step.context, step.operation
    region = (context.db, operation.connection, operation.region)
    known = await context.in_db(find_registry, *region)
    at = context.clock.now()
    if not rereads or (known.tried_at is not None and at - known.tried_at < REGISTRY_FRESH):
        return known
    try:
        reading = await read_registry(context.aws.registry(operation.region), step.once, at, known.policy.scope)
    except Problem:
        return known
    await context.in_db(remember_registry, *region, reading)
    return await context.in_db(find_registry, *region)


async def verify_removal(step: Stepping, subject: Subject) -> tuple[StepState, Result]:
    """Prove that the policy no longer names the service. Returns `holds`, as `verify_access` does."""
    text = await read(step)
    if (await step.context.in_thread(plans.revoking(subject), text)).needed:
        step.because("policy.foreign_write")
        return StepState.PENDING, {"holds": False}
    left = False
    if subject.principal_arn:
        known = await circumstances(step)
        verdict = await step.context.in_thread(known.verdict, text, subject.principal_arn)
        left = verdict.access in (Access.ALLOWED, Access.CONDITIONAL)
    step.because("access.left" if left else "access.gone")
    return StepState.SUCCEEDED, {"holds": True}


async def verify_text(step: Stepping, plan: Plan) -> tuple[StepState, Result]:
    """Prove that the policy is as it was written. Returns `holds`, as `verify_access` does."""
    text = await read(step)
    if (await step.context.in_thread(plan, text)).needed:
        step.because("policy.foreign_write")
        return StepState.PENDING, {"holds": False}
    step.because("policy.as_written")
    return StepState.SUCCEEDED, {"holds": True}


async def circumstances(step: Stepping) -> Circumstances:
    """Return what decides on a pull beside the repository's policy, as far as it is known."""
    operation, context = step.operation, step.context
    repository = (operation.connection, operation.region, operation.repository)
    return await context.in_db(circumstances_of, context.db, *repository, context.clock.now())


def denied(step: Stepping, statement: str, *, by_registry: bool) -> Problem:
    """Return the problem that an explicit Deny refuses the role: of the repository's policy, or of the registry's."""
    operation = step.operation
    return Problem(
        "access.denied_by_registry" if by_registry else "access.denied",
        repository=operation.repository,
        service=operation.service,
        region=operation.region,
        statement=statement,
    )

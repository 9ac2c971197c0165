"""Reads a repository's policy, and verifies an operation's change by reading it again.

Others may write a policy at any time: each verification says whether our change holds; if not, the workflow merges
again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.db import Database
from app.errors import Problem
from app.history import policy_writes
from app.history.models import Operation
from app.inventory import policies
from app.inventory.circumstances import Circumstances, circumstances_of, known_circumstances
from app.inventory.registries import find_registry, read_registry, remember_registry
from app.operations.judgements import Judge, judging_access, judging_removal, judging_text
from app.operations.plans import Grantee, Plan
from app.operations.state import StepState
from app.operations.step import Result, Stepping
from app.policy.stale_reads import seems_older

# How often a policy that others write at the same time is merged again before a person has to decide.
MERGES = 5
# Seconds between reads while ECR returns a text that seems older than our last write; after that another wrote it.
CATCHES_UP = (0.25, 0.5, 1, 2)
JUST_NOW = timedelta(minutes=10)
# A registry policy read this long ago is read again if an operation has a call left for it.
REGISTRY_FRESH = timedelta(seconds=60)
REMEMBERED = 5  # writes whose texts are recognized if they are read again


@dataclass(frozen=True)
class PolicyReading:
    """A policy as ECR returned it, and when the call was made."""

    text: str | None
    at: datetime


async def read(step: Stepping) -> str | None:
    """Read the current policy, store it for pages, and return it."""
    return (await look(step, keeps=True)).text


async def keep(step: Stepping, reading: PolicyReading) -> None:
    """Store a read for pages."""
    await step.context.in_db(_keep, step.operation, reading)


async def look(step: Stepping, *, keeps: bool = False) -> PolicyReading:
    """Return the current policy; `keeps`: store it for pages.

    A text that seems older than our own last write is not accepted at once: a write based on it would undo what another
    operation of ours has done.
    """
    context, operation = step.context, step.operation
    for seconds in (*CATCHES_UP, None):
        at = context.clock.now()
        text: str | None = await step.call(context.aws.repositories(operation.region).get_policy, operation.repository)
        reading = PolicyReading(text, at)
        if await context.record(_believed, operation, reading, keeps=keeps, last=seconds is None):
            return reading
        await context.clock.sleep(seconds or 0)
    raise AssertionError("the last reading is believed")


def _believed(db: Database, operation: Operation, reading: PolicyReading, *, keeps: bool, last: bool) -> bool:
    """Return whether a read is no older than our own last write, as far as that is known; the `last` one is taken."""
    if not last:
        writes = policy_writes.last_writes(db, operation.repository_key, reading.at - JUST_NOW, REMEMBERED)
        if seems_older(reading.text, writes):
            return False
    if keeps:
        _keep(db, operation, reading)
    return True


def _keep(db: Database, operation: Operation, reading: PolicyReading) -> None:
    policies.remember_policy(db, operation.repository_key, reading.text, at=reading.at)


async def verify_access(
    step: Stepping, arn: str, after: str | None, *, rereads_registry: bool, last: bool
) -> tuple[StepState, Result]:
    """Check by both policies that the role may pull; `rereads_registry` if one more call is allowed for it.

    Returns `holds`: False if another's write removed ours meanwhile.

    Raises:
        Problem: `access.denied` when an explicit Deny refuses the role, whatever else the policy allows;
            `policy.contended` where it does not hold the `last` time.
    """
    text = await read(step)
    if rereads_registry:
        await refresh_registry(step)
    now = step.context.clock.now()
    registry, repository_circumstances = await step.context.in_db(
        known_circumstances, step.operation.repository_key, now
    )
    judge = judging_access(step.operation, arn, repository_circumstances, registry, now)
    return await _judged(step, judge, text, after, last=last)


async def _judged(
    step: Stepping, judge: Judge, text: str | None, after: str | None = None, *, last: bool
) -> tuple[StepState, Result]:
    judgement = await step.context.in_thread(judge, text, after)
    step.because(judgement.note, **judgement.params)
    if last and not judgement.holds:
        raise Problem("policy.contended", repository=step.operation.repository, times=MERGES)
    return StepState.SUCCEEDED if judgement.holds else StepState.PENDING, {"holds": judgement.holds}


async def refresh_registry(step: Stepping) -> None:
    """Read the registry policy again where what is known of it is old.

    It is read by one call, and one more for the scope if there is a policy of unknown scope. A registry that can't be
    read does not fail the grant: the note says so.
    """
    context, operation = step.context, step.operation
    region = (operation.connection, operation.region)
    registry = await context.in_db(find_registry, *region)
    at = context.clock.now()
    if registry.tried_at is not None and at - registry.tried_at < REGISTRY_FRESH:
        return
    try:
        reading = await read_registry(context.aws.registry(operation.region), step.once, at, registry.policy.scope)
    except Problem:
        return
    await context.in_db(remember_registry, *region, reading)


async def verify_removal(step: Stepping, subject: Grantee, *, last: bool) -> tuple[StepState, Result]:
    """Verify that the policy no longer names the service. Returns and raises as `verify_access` does."""
    text = await read(step)
    subject = replace(subject, circumstances=await circumstances(step))
    return await _judged(step, judging_removal(subject), text, last=last)


async def verify_text(step: Stepping, plan: Plan, *, last: bool) -> tuple[StepState, Result]:
    """Verify that the policy equals what was written. Returns and raises as `verify_access` does."""
    return await _judged(step, judging_text(plan), await read(step), last=last)


async def circumstances(step: Stepping) -> Circumstances:
    """Return what decides on a pull beside the repository's policy, as far as it is known."""
    now = step.context.clock.now()
    return await step.context.in_db(circumstances_of, step.operation.repository_key, now)

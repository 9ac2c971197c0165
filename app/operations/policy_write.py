"""The step that writes a repository's policy: read, merge, record, write what is missing, record the result.

ECR has no conditional write, so a policy is read just before each write of it, and a write based on an old read is not
sent. A write is always recorded before it is sent, and not sent if the policy is right already.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from app.aws.ports import Answered
from app.errors import Problem
from app.history import policy_writes, store
from app.operations import fingerprint, refused_writes
from app.operations.denials import denial_of
from app.operations.explained import explained
from app.operations.messages import note_of_change, note_of_no_change
from app.operations.plans import Plan
from app.operations.policy_steps import PolicyReading, keep, look
from app.operations.state import Kind, StepState
from app.operations.step import PASSES_BY_ITSELF, PRINCIPAL_SPREADS, Overtaken, Result, Stepping
from app.policy.canonical import equivalent
from app.policy.change import PlannedChange, unchanged

# The code of a write that was not sent because its read became too old: AWS is slow, or this process was.
OLD_READING = "policy.old_reading"
# Consecutive reads that may become too old before the write is tried anyway, up to the limit of `fresh_seconds`.
REREADS = 3


@dataclass(frozen=True)
class PolicyEdit:
    """The intended policy.

    Args:
        plan: from the current text to the change.
        principal: the role's ARN, if a preview made before its activation shows a placeholder for it.
    """

    plan: Plan
    principal: str = ""


LookAgain = Callable[[], Awaitable[PolicyEdit | None]]
"""Reads the service's principal from AWS, once ECR did not find it; returns the new intention, None if unchanged."""


@dataclass
class _Write:
    """One run of the step, with the reads so far."""

    step: Stepping
    edit: PolicyEdit
    look_again: LookAgain | None
    readings: list[PolicyReading] = field(default_factory=list)
    sent: str | None = None
    was_fresh: bool = False
    """ECR has refused the policy when the role was so new that ECR might not know it yet."""


@dataclass(frozen=True)
class _Attempt:
    """A change that was tried: the position of its write, or why it was not written; neither if ECR had no policy."""

    change: PlannedChange
    position: int | None = None
    problem: Problem | None = None


async def write(step: Stepping, edit: PolicyEdit, look_again: LookAgain | None = None) -> tuple[StepState, Result]:
    """Write the change of `edit.plan` to the policy.

    Every try begins with a read: only between a read and the write based on it can another's write be overwritten.

    Returns:
        `after`: the expected policy text, None for no policy; `wrote`: whether this operation wrote.

    Raises:
        Problem: `policy.changed_meanwhile` if the change is not the one in the preview; else AWS's or the plan's.
    """
    work = _Write(step, edit, look_again)
    try:
        return await _merge(work)
    except Problem as error:
        problem = error
        for reading in work.readings[-1:]:
            await keep(step, reading)  # pages show the cause; after a write, its verification is stored
            await _note_refusal(step, problem, reading)
            problem = await step.context.in_thread(explained, problem, reading.text, work.sent)
        raise problem from error


async def _merge(work: _Write) -> tuple[StepState, Result]:
    step = work.step
    last: Problem | None = None
    for seconds in (*PRINCIPAL_SPREADS, None):
        async with step.context.write_slots.slot():
            attempt = await _try(work, last if seconds is None else None)
        change = attempt.change
        if attempt.problem is not None:
            last = await _explained(work, change, attempt.problem)
            await _be_patient(step, last, seconds or 0)
        elif not change.needed:
            return await _nothing_to_write(work, change.before)
        elif attempt.position is None:
            await step.pause(seconds or 0)  # ECR may tell the policy for some more seconds
        elif change.after is not None or await _deleted_of_others(work) is None:
            was_missing = attempt.position > 0 and await _has_written(step, before=attempt.position)
            step.because("policy.foreign_write" if was_missing else remark_of(change, Kind(step.operation.kind)))
            return StepState.SUCCEEDED, {"after": change.after, "wrote": True}
    raise last or Problem("policy.contended", repository=step.operation.repository, times=len(work.readings))


async def _try(work: _Write, given_up: Problem | None) -> _Attempt:
    """Read the policy, and write what is missing.

    Raises:
        Problem: what forbids a write; `given_up` if one is needed again, after the last one of that many.
    """
    change, read_at = await _planned(work)
    back = None if change.needed or change.before is not None else await _deleted_of_others(work)
    if back is None and change.needed:
        await _check_may_write(work, change, given_up)
    change = back or change
    if not change.needed:
        return _Attempt(change)
    work.sent = change.after
    try:
        return _Attempt(change, await _send(work.step, change, read_at))
    except Problem as problem:
        return _Attempt(change, problem=problem)


async def _planned(work: _Write) -> tuple[PlannedChange, float]:
    """Read the policy and plan on it; return the change, and when the read was sent, in monotonic time."""
    context = work.step.context
    for rereads_left in range(REREADS, -1, -1):
        reading = await look(work.step)
        read_at = work.step.asked_at
        work.readings.append(reading)
        change = await context.in_thread(work.edit.plan, reading.text)
        if context.clock.monotonic() - read_at <= context.fresh_seconds / 2 or not rereads_left:
            break
    return change, read_at


async def _deleted_of_others(work: _Write) -> PlannedChange | None:
    """Return the write that restores what this operation deleted of others' changes; None if there is nothing.

    ECR has no conditional delete, but it returns the deleted text: that may hold what others had written since the
    read.
    """
    context, operation = work.step.context, work.step.operation
    deleted = await context.in_db(policy_writes.last_deleted, operation.id, operation.repository)
    if deleted is None:
        return None
    try:
        left = await context.in_thread(work.edit.plan, deleted)
    except Problem:  # our part of it is unknown; the verification that follows reports it
        left = unchanged(deleted)
    if left.needed:
        return left if left.after is not None else None
    return replace(left, needed=True)


async def _has_written(step: Stepping, *, before: int | None = None) -> bool:
    """Return whether AWS has confirmed a write of ours; `before`: then what it wrote was missing at this position."""
    context, operation = step.context, step.operation
    return await context.in_db(policy_writes.has_written, operation.id, operation.repository, before=before)


async def _nothing_to_write(work: _Write, text: str | None) -> tuple[StepState, Result]:
    step = work.step
    context, operation, kind = step.context, step.operation, Kind(step.operation.kind)
    unanswered = await context.in_db(policy_writes.unanswered, operation.id)
    # Only the text itself proves that AWS carried one out: another's change may have made ours unnecessary.
    sent = [await context.in_db(policy_writes.whole_write, write) for write in unanswered]
    shown = (write for write, whole in zip(unanswered, sent, strict=True) if equivalent(text, whole.after))
    taken = await context.in_db(policy_writes.last_taken, operation.id, operation.repository)
    # A write of ours that AWS has confirmed since explains the text as well.
    proven = next(shown, None) if taken is None or not equivalent(text, taken.after) else None
    if proven is not None:
        await _closed(step, proven.position)
        if len(unanswered) == 1:
            step.late_until = None  # no other write is in flight
    if await _has_written(step):
        deleted_unseen = proven is not None and proven.after is None
        step.because("policy.deletion_unconfirmed" if deleted_unseen else note_of_change(kind))
        return StepState.SUCCEEDED, {"after": text, "wrote": True}
    if unanswered:
        step.because("policy.unconfirmed")
        return StepState.SUCCEEDED, {"after": text, "wrote": False}
    step.because(note_of_no_change(kind))
    return StepState.SKIPPED, {"after": text, "wrote": False}


async def _check_may_write(work: _Write, change: PlannedChange, problem: Problem | None) -> None:
    """A safe point: no write is in flight. Raises what forbids sending the change."""
    if problem is not None:
        raise refused_writes.given_up(problem)
    _refuse_what_is_denied(work.step, change)
    await _check_preview(work, change)
    work.step.check_cancelled()


async def _check_preview(work: _Write, change: PlannedChange) -> None:
    """Raise `policy.changed_meanwhile` unless the change equals the preview, if there was one."""
    step = work.step
    shown = step.operation.input.get("previewed")
    if shown is None:
        return
    placeholder = fingerprint.PLACEHOLDER.format(region=step.operation.region, service=step.operation.service)
    same = fingerprint.matches(shown, change, principal=work.edit.principal, placeholder=placeholder)
    if same or await _has_written(step):
        return
    raise Problem("policy.changed_meanwhile", repository=step.operation.repository)


async def _send(step: Stepping, change: PlannedChange, read_at: float) -> int | None:
    """Record what is about to be written, write it, record that.

    Returns:
        Its position among the operation's writes; None where ECR had no policy to delete any more: somebody else has
        deleted it since the reading.
    """
    context, operation = step.context, step.operation
    planned = policy_writes.PlannedWrite(
        operation.connection, operation.region, operation.repository, change.before, change.after
    )
    position = await context.record(policy_writes.write_planned, step.run, planned, context.clock.now())
    if position is None:
        raise Overtaken
    context.crash("write-planned")
    with context.running.writing(operation.id):
        try:
            answered = await step.once(fresh_write(step, change, read_at), first=True)
        except Problem as problem:
            await _note_unsuccessful(step, position, problem)
            raise
        context.crash("policy-written")
        if change.after is None and answered is None:
            await context.in_db(policy_writes.write_forgotten, step.run, position)
            return None
        replaced = answered if change.after is None and not equivalent(answered, change.before) else None
        await _closed(step, position, replaced)
    return position


def fresh_write(step: Stepping, change: PlannedChange, read_at: float) -> Callable[[], Answered[str | None]]:
    """Return the call to AWS, for the thread that makes it: it refuses a write based on an old read."""
    context, operation = step.context, step.operation
    repositories = context.aws.repositories(operation.region)

    def call() -> Answered[str | None]:
        if context.clock.monotonic() - read_at > context.fresh_seconds:
            raise Problem(OLD_READING, retryable=True, repository=operation.repository)
        if change.after is None:
            return repositories.delete_policy(operation.repository)
        answered = repositories.set_policy(operation.repository, change.after)
        return Answered(answered.value, answered.request_id)

    return call


async def _note_unsuccessful(step: Stepping, position: int, problem: Problem) -> None:
    """Delete a write that AWS is proven not to have carried out; keep any other, since AWS may still do so."""
    context = step.context
    if not problem.effect_unknown:
        await context.in_db(policy_writes.write_forgotten, step.run, position)
        return
    now = context.clock.now()
    await context.in_db(policy_writes.write_unanswered, step.run, position, now)
    step.late_until = context.deadlines.after(context.late_write_seconds)


async def _explained(work: _Write, change: PlannedChange, problem: Problem) -> Problem:
    """Return the problem with ECR's likely reasons. If the role has a new principal by now, `edit` is updated."""
    if problem.code == refused_writes.NOT_FOUND and work.look_again is not None:
        renewed = await work.look_again()
        if renewed is not None:
            work.edit = renewed
            return Problem(OLD_READING, retryable=True, repository=work.step.operation.repository)
    told = await refused_writes.explained(work.step, change, problem, work.edit.principal, was_fresh=work.was_fresh)
    work.was_fresh = work.was_fresh or told.code == refused_writes.SPREADING
    return told


async def _be_patient(step: Stepping, problem: Problem, seconds: float) -> None:
    """Wait for a temporary problem, with a note. Raises any other problem."""
    if problem.effect_unknown:
        # It may have been written nevertheless. No cancel before the read: it would stay unreported.
        await step.note_again(problem, seconds)
        await step.context.clock.sleep(max(1, seconds))
        return
    if problem.code in PASSES_BY_ITSELF:
        await step.note_again(problem, seconds)
    elif problem.code == refused_writes.SPREADING:
        await step.note("principal.unknown_yet", seconds=max(1, round(seconds)))
    elif problem.code != OLD_READING:
        raise problem
    await step.pause(seconds)


async def _note_refusal(step: Stepping, problem: Problem, reading: PolicyReading) -> None:
    """Record which principals ECR may have refused, so that a prune can use it."""
    names = refused_writes.suspects_in(problem)
    if names:
        evidence = {"policy": fingerprint.fingerprint(reading.text), "principals": names}
        await step.context.in_db(store.input_noted, step.operation.id, refused=evidence)


def _refuse_what_is_denied(step: Stepping, change: PlannedChange) -> None:
    """Refuse a grant that another statement's Deny makes useless; a person must resolve that first."""
    operation = step.operation
    refused = denial_of(change, (operation.region, operation.service, operation.repository))
    if refused is not None:
        raise refused


async def _closed(step: Stepping, position: int, replaced: str | None = None) -> None:
    context = step.context
    request_id = step.request_ids[-1] if step.request_ids else ""
    answer = (request_id, context.clock.now(), replaced)
    if not await context.record(policy_writes.write_done, step.run, position, *answer):
        raise Overtaken


def remark_of(change: PlannedChange, kind: Kind) -> str:
    """Return the note of a write: a policy was deleted or created, or as for `kind`."""
    if change.after is None:
        return "policy.deleted"
    return "policy.created" if change.before is None else note_of_change(kind)

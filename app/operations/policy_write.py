"""The step that writes a repository's policy: read, merge, record, write what is missing, record that it was written.

ECR has no conditional write, so a policy is read just before each write of it, and what is based on an old reading is
not sent. Nothing is ever sent that is not recorded first, and nothing when the policy already says what is wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.aws.ports import Answered
from app.errors import Problem
from app.history import writes
from app.operations.fingerprint import fingerprint
from app.operations.plans import Plan
from app.operations.policy_steps import Reading, keep, look
from app.operations.state import Kind, StepState
from app.operations.stepping import PASSES_BY_ITSELF, PRINCIPAL_SPREADS, CancelledHere, Overtaken, Result, Stepping
from app.policy.canonical import equivalent
from app.policy.change import PolicyChange, unchanged
from app.policy.principals import PrincipalKind, PrincipalRef
from app.policy.unfound import unfound

# The code of a write that was not sent since its reading had grown old on the way: AWS is slow, or this process was.
OLD_READING = "policy.old_reading"


async def write(step: Stepping, plan: Plan, remark: str) -> tuple[StepState, Result]:
    """Bring the policy to what `plan` makes of it.

    Every try begins with reading: the time between a read and the write that is based on it is all that another
    writer has to be overwritten in.

    Args:
        step: the step at work.
        plan: from the text that is there to the change that is wanted.
        remark: the note for an ordinary merge; creating and deleting a policy have their own.

    Returns:
        `after`: the policy text that should stand now, None for no policy; `wrote`: whether this operation wrote.

    Raises:
        Problem: `policy.changed_meanwhile` when it no longer is what the preview showed; else AWS's or the plan's.
    """
    seen: list[Reading] = []
    try:
        return await _merge(step, plan, remark, seen)
    except Problem:
        for reading in seen[-1:]:
            await keep(step, reading)  # pages show what stood in the way; after a write, its proof is kept
        raise


async def _merge(step: Stepping, plan: Plan, remark: str, seen: list[Reading]) -> tuple[StepState, Result]:
    last: Problem | None = None
    for seconds in (*PRINCIPAL_SPREADS, None):
        reading = await look(step)
        seen.append(reading)
        read_at = step.asked_at
        change = plan(reading.text)
        back = None if change.needed or reading.text is not None else await _deleted_of_others(step, plan)
        if back is None and not change.needed:
            return await _nothing_to_write(step, reading.text, remark)
        if back is None:
            await _may_write(step, change, last if seconds is None else None)
        change = back or change
        try:
            position = await _send(step, change, read_at)
        except Problem as problem:
            last = _named(problem, step, change)
            await _be_patient(step, change, problem, seconds or 0)
        else:
            if change.after is None and await _deleted_of_others(step, plan) is not None:
                continue
            step.because(_remark(change, position, remark))
            return StepState.SUCCEEDED, {"after": change.after, "wrote": True}
    raise last or Problem("policy.contended", repository=step.operation.repository, times=len(seen))


async def _deleted_of_others(step: Stepping, plan: Plan) -> PolicyChange | None:
    """The write that puts back what this operation deleted of others.

    ECR cannot be asked to delete a policy only as it was read, but it tells what it deleted: that may hold what
    somebody had written since the reading.
    """
    context, operation = step.context, step.operation
    deleted = await context.in_db(writes.last_deleted, context.db, operation.id, operation.repository)
    if deleted is None:
        return None
    try:
        left = plan(deleted)
    except Problem:  # it cannot be told what was ours in it; the proof that follows says so
        left = unchanged(deleted)
    if left.needed:
        return left if left.after is not None else None
    return replace(left, needed=True)


async def _nothing_to_write(step: Stepping, text: str | None, remark: str) -> tuple[StepState, Result]:
    context, operation = step.context, step.operation
    unclosed = await context.in_db(writes.open_write, context.db, operation.id, operation.repository)
    if unclosed is not None:
        # A write of ours whose answer never came, or was never recorded: it took effect.
        await _closed(step, unclosed.position)
    wrote = await context.in_db(writes.has_written, context.db, operation.id, operation.repository)
    if wrote:
        step.because(remark)
        return StepState.SUCCEEDED, {"after": text, "wrote": True}
    step.because("policy.nothing_named" if operation.kind == Kind.REVOKE else "policy.unchanged")
    return StepState.SKIPPED, {"after": text, "wrote": False}


async def _may_write(step: Stepping, change: PolicyChange, problem: Problem | None) -> None:
    """A safe point: nothing that was sent before stands. Raises what keeps the change from being sent."""
    try:
        if problem is not None:
            raise problem
        _refuse_what_is_denied(step, change)
        await _as_previewed(step, change.before)
        step.check_cancelled()
    except (Problem, CancelledHere):
        await _forget(step)
        raise


async def _as_previewed(step: Stepping, text: str | None) -> None:
    """What is done is what was shown, or the operation stops and says so."""
    shown = step.operation.input.get("previewed")
    if shown is None or shown == fingerprint(text):
        return
    wrote = await step.context.in_db(writes.has_written, step.context.db, step.operation.id, step.operation.repository)
    if not wrote:
        raise Problem("policy.changed_meanwhile", repository=step.operation.repository)


async def _send(step: Stepping, change: PolicyChange, read_at: float) -> int:
    """Record what is about to be written, write it, record that. Its position among the operation's writes."""
    context, operation = step.context, step.operation
    planned = writes.PlannedWrite(
        operation.connection, operation.region, operation.repository, change.before, change.after
    )
    position = await context.in_db(writes.write_planned, context.db, step.run, planned, context.clock.now())
    if position is None:
        raise Overtaken
    context.crash("write-planned")
    with context.running.writing(operation.id):
        answered = await step.once(_fresh(step, change, read_at), first=True)
        context.crash("policy-written")
        replaced = answered if change.after is None and not equivalent(answered, change.before) else None
        await _closed(step, position, replaced)
    return position


def _fresh(step: Stepping, change: PolicyChange, read_at: float) -> Callable[[], Answered[str | None]]:
    """The call to AWS, for the thread that makes it: it does not write what is based on an old reading."""
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


async def _be_patient(step: Stepping, change: PolicyChange, problem: Problem, seconds: float) -> None:
    """Wait for what passes by itself, and say so. Raises the problem that does not."""
    if problem.effect_unknown:
        # Perhaps it was written all the same. Before that is read nothing may stop here: it would stay untold.
        await step.note_again(problem, seconds)
        await step.context.clock.sleep(max(1, seconds))
        return
    await _forget(step)
    if problem.code in PASSES_BY_ITSELF:
        await step.note_again(problem, seconds)
    elif problem.code == "policy.principal_not_found" and _may_spread(step, change):
        await step.note("principal.unknown_yet", seconds=max(1, round(seconds)))
    elif problem.code != OLD_READING:
        raise _named(problem, step, change) from problem
    await step.pause(seconds)


async def _forget(step: Stepping) -> None:
    await step.context.in_db(writes.write_forgotten, step.context.db, step.run, step.operation.repository)


def _refuse_what_is_denied(step: Stepping, change: PolicyChange) -> None:
    """A grant that another statement's Deny makes useless is not written; a person must settle that first."""
    denied = next((finding for finding in change.leftovers if finding.code == "grant.denied"), None)
    if denied is not None:
        raise Problem(
            "access.denied",
            repository=step.operation.repository,
            service=step.operation.service,
            statement=denied.params["statement"],
        )


def _may_spread(step: Stepping, change: PolicyChange) -> bool:
    """Whether waiting can help: not when the policy names an id of a principal that was deleted."""
    return not any(one.kind is PrincipalKind.UNIQUE_ID for one in _unfound(step, change))


def _unfound(step: Stepping, change: PolicyChange) -> tuple[PrincipalRef, ...]:
    return unfound(change.before, change.after, fresh=step.operation.kind in (Kind.GRANT, Kind.REPAIR))


def _named(problem: Problem, step: Stepping, change: PolicyChange) -> Problem:
    """Say which principals may be the ones that ECR cannot find."""
    if problem.code != "policy.principal_not_found":
        return problem
    names = [one.value for one in _unfound(step, change)]
    if not names:
        return Problem(
            "policy.own_principal_not_found",
            aws_code=problem.aws_code,
            aws_message=problem.aws_message,
            request_id=problem.request_id,
            repository=step.operation.repository,
        )
    return Problem(
        "policy.dead_principals",
        aws_code=problem.aws_code,
        aws_message=problem.aws_message,
        request_id=problem.request_id,
        repository=step.operation.repository,
        principals=", ".join(names),
    )


async def _closed(step: Stepping, position: int, replaced: str | None = None) -> None:
    context = step.context
    request_id = step.request_ids[-1] if step.request_ids else ""
    told = (request_id, context.clock.now(), replaced)
    if not await context.in_db(writes.write_done, context.db, step.run, position, *told):
        raise Overtaken


def _remark(change: PolicyChange, position: int, ordinary: str) -> str:
    if position > 0:
        return "policy.foreign_write"  # it had written before, and had to again
    if change.after is None:
        return "policy.deleted"
    return "policy.created" if change.before is None else ordinary

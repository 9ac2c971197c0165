"""The steps that change a repository's policy and prove what they did: read, merge, write what is missing, read back.

ECR has no conditional write: a policy is read just before it is written and once more after, and nothing is ever sent
that is not recorded first. Nothing is written when the policy already says what is wanted.
"""

from __future__ import annotations

from typing import Any

from app.aws.ports import Repositories
from app.errors import Problem
from app.history import record
from app.inventory import policies
from app.operations import plans
from app.operations.fingerprint import fingerprint
from app.operations.plans import Plan, Subject
from app.operations.state import Kind, StepState
from app.operations.stepping import PRINCIPAL_SPREADS, Result, Stepping
from app.policy.canonical import equivalent
from app.policy.change import PolicyChange
from app.policy.evaluate import Access, evaluate
from app.policy.findings import suspects
from app.policy.principals import PrincipalKind, PrincipalRef, principals_of

# How often a policy that somebody else writes to at the same time is merged again before a person is asked.
MERGES = 5


async def write(step: Stepping, plan: Plan, remark: str) -> tuple[StepState, Result]:
    """Bring the policy to what `plan` makes of it.

    Args:
        step: the step at work.
        plan: from the text that is there to the change that is wanted.
        remark: the note for an ordinary merge; creating and deleting a policy have their own.

    Returns:
        `after`: the policy text that should stand now, None for no policy; `wrote`: whether this operation wrote.

    Raises:
        Problem: `policy.changed_meanwhile` when it no longer is what the preview showed; else AWS's or the plan's.
    """
    repositories = step.context.aws.repositories(step.operation.region)
    while True:
        text = await read(step)
        change = plan(text)
        if not change.needed:
            return await _nothing_to_write(step, text)
        _refuse_what_is_denied(step, change)
        await _as_previewed(step, text)
        step.check_cancelled()
        try:
            position = await _send(step, repositories, change)
        except Problem as problem:
            if problem.code not in ("aws.unreachable", "aws.slow", "aws.failed"):
                raise
            # The answer was lost, not necessarily the write: read again and write only what is missing.
            await step.note("aws.again", answer=problem.aws_code or problem.code, seconds=2)
            await step.pause(2)
            continue
        step.context.crash("policy-written")
        await _closed(step, position)
        step.because(_remark(change, remark))
        return StepState.SUCCEEDED, {"after": change.after, "wrote": True}


async def _nothing_to_write(step: Stepping, text: str | None) -> tuple[StepState, Result]:
    context, operation = step.context, step.operation
    unclosed = await context.in_db(record.open_write, context.db, operation.id, operation.repository)
    if unclosed is not None:
        # A write of ours whose answer never came, or was never recorded: it took effect.
        await _closed(step, unclosed.position)
    wrote = await context.in_db(record.has_written, context.db, operation.id, operation.repository)
    if wrote:
        step.because("policy.merged" if operation.kind != Kind.REVOKE else "policy.reduced")
        return StepState.SUCCEEDED, {"after": text, "wrote": True}
    step.because("policy.nothing_named" if operation.kind == Kind.REVOKE else "policy.unchanged")
    return StepState.SKIPPED, {"after": text, "wrote": False}


async def _as_previewed(step: Stepping, text: str | None) -> None:
    """What is done is what was shown, or the operation stops and says so."""
    shown = step.operation.input.get("previewed")
    if shown is None or shown == fingerprint(text):
        return
    wrote = await step.context.in_db(record.has_written, step.context.db, step.operation.id, step.operation.repository)
    if not wrote:
        raise Problem("policy.changed_meanwhile", repository=step.operation.repository)


async def _send(step: Stepping, repositories: Repositories, change: PolicyChange) -> int:
    context, operation = step.context, step.operation
    planned = record.PlannedWrite(
        operation.connection, operation.region, operation.repository, change.before, change.after
    )
    position = await context.in_db(record.write_planned, context.db, operation.id, planned, context.clock.now())
    for seconds in (*PRINCIPAL_SPREADS, None):
        try:
            if change.after is None:
                await step.once(repositories.delete_policy, operation.repository)
            else:
                await step.once(repositories.set_policy, operation.repository, change.after)
        except Problem as problem:
            if problem.code == "aws.throttled" and seconds is not None:
                await step.note("aws.again", answer=problem.aws_code, seconds=max(1, round(seconds)))
            elif problem.code == "policy.principal_not_found" and seconds is not None and _may_spread(change):
                await step.note("principal.unknown_yet", seconds=max(1, round(seconds)))
            else:
                if problem.code not in ("aws.unreachable", "aws.slow", "aws.failed"):
                    await context.in_db(record.write_refused, context.db, operation.id, position)
                raise _named(problem, step, change) from problem
            await _pause_before_anything_is_written(step, seconds, position)
        else:
            return position
    raise AssertionError("the last try returns or raises")


async def _pause_before_anything_is_written(step: Stepping, seconds: float, position: int) -> None:
    try:
        await step.pause(seconds)
    except BaseException:
        await step.context.in_db(record.write_refused, step.context.db, step.operation.id, position)
        raise


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


def _may_spread(change: PolicyChange) -> bool:
    """Whether waiting can help: not when the policy names an id of a principal that was deleted."""
    return not any(suspect.kind is PrincipalKind.UNIQUE_ID for suspect in _suspects(change))


def _suspects(change: PolicyChange) -> tuple[PrincipalRef, ...]:
    there = {one.value for one in principals_of(change.before)}
    ours = [one.value for one in principals_of(change.after) if one.value not in there]
    return suspects(change.after, ours=ours)


def _named(problem: Problem, step: Stepping, change: PolicyChange) -> Problem:
    """Say which principals may be the ones that ECR cannot find."""
    if problem.code != "policy.principal_not_found":
        return problem
    names = [suspect.value for suspect in _suspects(change)]
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


async def _closed(step: Stepping, position: int) -> None:
    context = step.context
    request_id = step.request_ids[-1] if step.request_ids else ""
    await context.in_db(record.write_done, context.db, step.operation.id, position, request_id, context.clock.now())


def _remark(change: PolicyChange, ordinary: str) -> str:
    if change.after is None:
        return "policy.deleted"
    return "policy.created" if change.before is None else ordinary


async def read(step: Stepping) -> str | None:
    """The policy as it stands, which pages then show too."""
    context, operation = step.context, step.operation
    asked_at = context.clock.now()
    text: str | None = await step.call(context.aws.repositories(operation.region).get_policy, operation.repository)
    await context.in_db(
        policies.remember_policy,
        context.db,
        operation.connection,
        operation.region,
        operation.repository,
        text,
        at=asked_at,
    )
    return text


async def verify_access(step: Stepping, arn: str, after: str | None) -> tuple[StepState, Result]:
    """Prove that the role may pull. Returns `holds`: False when somebody else's write took ours away meanwhile.

    Raises:
        Problem: `access.denied` when an explicit Deny refuses the role, whatever else the policy allows.
    """
    text = await read(step)
    verdict = evaluate(text, arn)
    if verdict.access is Access.NOT_ALLOWED:
        await step.note("policy.foreign_write")
        return StepState.PENDING, {"holds": False}
    if verdict.access is Access.DENIED:
        raise Problem("access.denied", repository=step.operation.repository, service=step.operation.service)
    if not equivalent(text, after):
        step.because("policy.foreign_write")
    else:
        step.because("access.conditional" if verdict.access is Access.CONDITIONAL else "access.allowed")
    return StepState.SUCCEEDED, {"holds": True}


async def verify_removal(step: Stepping, subject: Subject) -> tuple[StepState, Result]:
    """Prove that the policy no longer names the service. Returns `holds`, as `verify_access` does."""
    text = await read(step)
    if plans.revoking(subject)(text).needed:
        await step.note("policy.foreign_write")
        return StepState.PENDING, {"holds": False}
    left = subject.principal_arn and evaluate(text, subject.principal_arn).access in (
        Access.ALLOWED,
        Access.CONDITIONAL,
    )
    step.because("access.left" if left else "access.gone")
    return StepState.SUCCEEDED, {"holds": True}


async def verify_text(step: Stepping, plan: Plan) -> tuple[StepState, Result]:
    """Prove that the policy is as it was written. Returns `holds`, as `verify_access` does."""
    text = await read(step)
    if plan(text).needed:
        await step.note("policy.foreign_write")
        return StepState.PENDING, {"holds": False}
    step.because("policy.as_written")
    return StepState.SUCCEEDED, {"holds": True}


def subject_from(found: dict[str, Any], step: Stepping) -> Subject:
    """Whose access it is about, from what an earlier step found."""
    return Subject(step.operation.region, step.operation.service, found["arn"], found.get("general_arn", ""))

"""The frame around each kind of operation: runs its steps in order and closes its record, whatever happens.

A workflow runs its steps by their checkpoints, so its code only calls steps and reads their results, and closes the
record, which is repeatable and so needs no checkpoint.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.exc import DBAPIError

from app.errors import Problem
from app.findings.ended import judge_again
from app.history import store
from app.operations import engine
from app.operations.context import current
from app.operations.engine import Workflow
from app.operations.late_writes import look_for_late_writes
from app.operations.policy_steps import MERGES
from app.operations.state import STEP_DONE, Kind, Outcome, StepState
from app.operations.step import Result

log = logging.getLogger(__name__)

WORKFLOWS: dict[Kind, Workflow] = {}
"""Every kind's workflow, as registered by `operation`."""

Body = Callable[[str], Awaitable[Outcome]]


class Stopped(Exception):  # noqa: N818  (a failed or cancelled step ends the operation; its record says why)
    """A step was not done."""

    def __init__(self, outcome: Outcome, problem: dict[str, Any] | None) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.problem = problem


_late_until: ContextVar[list[float]] = ContextVar("late_until")
_missing: ContextVar[list[Result]] = ContextVar("missing")
"""The repository that AWS no longer knew when it was called."""


def done(result: Result) -> Result:
    """Return a step's result if it was done. Raises Stopped."""
    if "late_until" in result:
        _late_until.get().append(result["late_until"])
    if "missing" in result:
        _missing.get().append(result["missing"])
    if result["state"] in STEP_DONE or result["state"] == StepState.PENDING:
        return result
    if result["state"] == StepState.FAILED:
        raise Stopped(Outcome.FAILED, result["problem"])
    raise Stopped(Outcome.CANCELLED, None)


BeforeEnd = Callable[[str, Outcome, dict[str, Any] | None], Awaitable[None]]


def operation(kind: Kind, before_end: BeforeEnd | None = None) -> Callable[[Body], Workflow]:
    """Make `body` the durable workflow of a kind of operation; `before_end` runs before its record is closed."""

    def register(body: Body) -> Workflow:
        @engine.workflow(f"operation.{kind}")
        async def run(operation_id: str) -> str:
            return await run_recorded(body, operation_id, before_end=before_end)

        WORKFLOWS[kind] = run
        return run

    return register


async def run_recorded(
    body: Body,
    operation_id: str,
    *,
    before_end: BeforeEnd | None = None,
    slot: AbstractAsyncContextManager[object] | None = None,
    is_item: bool = False,
) -> Outcome:
    """Run an operation's body and close its record, whatever happens.

    Args:
        body: what it does.
        operation_id: the operation.
        before_end: runs before the record is closed.
        slot: held while the body works, and not while it is waited for late writes.
        is_item: it is an item of a batch, without checkpoints of its own: no error of it may end its batch.
    """
    with current().running.working(operation_id):
        _late_until.set([])
        _missing.set([])
        async with slot or nullcontext():
            outcome, problem = await _outcome(body, operation_id, is_item=is_item)
        # Known from checkpointed results alone, so that a repeated run decides alike.
        if late := _late_until.get():
            await look_for_late_writes(operation_id, max(late))
        if before_end is not None:
            await before_end(operation_id, outcome, problem)
        await _finish(operation_id, outcome, problem)
    return outcome


async def is_done(attempt: Awaitable[bool], operation_id: str) -> bool:
    """Return what `attempt` does; False where it breaks, so that the operation continues by its own steps.

    It breaks there too, and fails, if they meet the same; what else was attempted with it doesn't.
    """
    try:
        return await attempt
    except Exception:  # the edge of what several operations do together
        log.exception("what operation %s does with others broke; each continues by its own steps", operation_id)
        return False


async def change_until_it_holds(
    change: Callable[[], Awaitable[Result]], verify: Callable[[Result, bool], Awaitable[Result]]
) -> bool:
    """Write a policy and verify it, again while somebody else's write takes ours away; whether anything was written.

    `verify` gets what `change` found, and whether it is the last time: a policy that does not hold is a problem then.
    """
    wrote = False
    for attempt in range(MERGES):
        changed = done(await change())
        wrote = wrote or changed["wrote"]
        if done(await verify(changed, attempt == MERGES - 1))["holds"]:
            break
    return wrote


async def _outcome(body: Body, operation_id: str, *, is_item: bool) -> tuple[Outcome, dict[str, Any] | None]:
    try:
        return await body(operation_id), None
    except Stopped as stopped:
        return stopped.outcome, stopped.problem
    except Exception as error:  # the edge of an operation: whatever broke, its record must say that it ended
        if isinstance(error, DBAPIError) and not is_item:
            # The engine could not keep a checkpoint (its disk is full): the operation is taken up again later.
            raise
        reference = uuid.uuid4().hex[:12]
        log.exception("operation %s broke, reference %s", operation_id, reference)
        return Outcome.FAILED, Problem("internal", reference=reference).to_json()


async def _finish(operation_id: str, outcome: str, problem: dict[str, Any] | None) -> None:
    context = current()
    await context.running.admit()
    await context.record(store.ended, operation_id, outcome, problem, context.clock.now())
    context.running.note_change()
    for repository in _missing.get():
        # Its lists are read again within a minute only. Not earlier: while it lives, the operation may change a policy.
        at = datetime.fromtimestamp(repository["at"], UTC)
        await context.blocking(context.forget_repository, repository["region"], repository["name"], at)
    await context.in_db(judge_again, operation_id)

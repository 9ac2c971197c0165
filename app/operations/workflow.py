"""The frame around each kind of operation: runs its steps in order and closes its record, whatever happens.

A workflow runs its steps by their checkpoints, so its code must do nothing but call steps and look at what they found;
and close the record, which may be repeated and so needs no checkpoint.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from sqlalchemy.exc import DBAPIError

from app.errors import Problem
from app.findings.ended import judge_again
from app.history import store
from app.operations import engine
from app.operations.context import current
from app.operations.engine import Workflow
from app.operations.late_writes import look_for_late_writes
from app.operations.state import STEP_DONE, Kind, Outcome, StepState
from app.operations.step import Result

log = logging.getLogger(__name__)

WORKFLOWS: dict[Kind, Workflow] = {}
"""Every kind's workflow, by what `operation` has named."""

Body = Callable[[str], Awaitable[Outcome]]


class Stopped(Exception):  # noqa: N818  (a failed or cancelled step ends the operation; its record says why)
    """A step did not get done."""

    def __init__(self, outcome: Outcome, problem: dict[str, Any] | None) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.problem = problem


_late_until: ContextVar[list[float]] = ContextVar("late_until")


def done(result: Result) -> Result:
    """What a step found, if it was done. Raises Stopped."""
    if "late_until" in result:
        _late_until.get().append(result["late_until"])
    if result["state"] in STEP_DONE or result["state"] == StepState.PENDING:
        return result
    if result["state"] == StepState.FAILED:
        raise Stopped(Outcome.FAILED, result["problem"])
    raise Stopped(Outcome.CANCELLED, None)


def operation(kind: Kind) -> Callable[[Body], Workflow]:
    """Make `body` the durable workflow of a kind of operation."""

    def register(body: Body) -> Workflow:
        @engine.workflow(f"operation.{kind}")
        async def run(operation_id: str) -> str:
            with current().running.working(operation_id):
                _late_until.set([])
                outcome, problem = await _outcome(body, operation_id)
                # Known from checkpointed results alone, so that a repeated run decides alike.
                if late := _late_until.get():
                    await look_for_late_writes(operation_id, max(late))
                await _finish(operation_id, outcome, problem)
            return outcome

        WORKFLOWS[kind] = run
        return run

    return register


async def _outcome(body: Body, operation_id: str) -> tuple[Outcome, dict[str, Any] | None]:
    try:
        return await body(operation_id), None
    except Stopped as stopped:
        return stopped.outcome, stopped.problem
    except DBAPIError:
        # The engine could not keep a checkpoint (its disk is full): the operation lives, and is taken up again later.
        raise
    except Exception:  # the edge of an operation: whatever broke, its record must say that it ended
        reference = uuid.uuid4().hex[:12]
        log.exception("operation %s broke, reference %s", operation_id, reference)
        return Outcome.FAILED, Problem("internal", reference=reference).to_json()


async def _finish(operation_id: str, outcome: str, problem: dict[str, Any] | None) -> None:
    context = current()
    await context.running.admit()
    await context.in_db(store.ended, context.db, operation_id, outcome, problem, context.clock.now())
    await context.in_db(judge_again, context.db, operation_id)

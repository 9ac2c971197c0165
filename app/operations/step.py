"""Runs one step: its record in the history, its retries of AWS calls, and its safe points for a cancel.

A step may run again after a crash, and in a takeover even beside a stalled run; its effects must be repeatable.
It returns plain JSON to the workflow: how it ended, and what it found.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app.aws.ports import Answered
from app.errors import Problem
from app.history import policy_writes, store
from app.history.models import Operation
from app.history.store import Run
from app.history.turns import BehindAnother
from app.operations.context import Context, current
from app.operations.state import StepName, StepState

log = logging.getLogger(__name__)

T = TypeVar("T")
Result = dict[str, Any]

# Seconds before each new try while AWS throttles, fails or cannot be reached; then the step ends with the problem.
AGAIN = (1, 2, 4, 8, 15, 30, 30)
# While a new principal propagates to ECR: seconds to about two minutes (AWS gives no figure).
PRINCIPAL_SPREADS = (0.5, 1, 1.5, 2, 3, 5, 8, 13, 20, 20, 20, 20, 20, 20, 20)

# Seconds between two looks whether other operations let one go on, after a change here; and without one, since they may
# run on another replica.
NEXT_LOOK = 0.25
LOOK_ELSEWHERE = 1.0


class Overtaken(Exception):  # noqa: N818  (not an error: another run took over)
    """Another run of this step has begun since, here or on another replica, or may have: what this one knows may be old."""


class CancelledHere(Exception):  # noqa: N818  (not an error: it was requested)
    """The operation was requested to stop, and this is a safe point for it."""


@dataclass
class Stepping:
    """A running step, as its body sees it. `asked_at`: when AWS was last called, in monotonic time."""

    operation: Operation
    run: Run
    context: Context
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    request_ids: list[str] = field(default_factory=list)
    notes_under_way: set[asyncio.Task[None]] = field(default_factory=set)
    asked_at: float = 0.0
    note_code: str = ""
    note_params: dict[str, str | int] = field(default_factory=dict)
    late_until: float | None = None
    """Until when AWS may still carry out a write whose answer was lost: a UTC time in seconds."""
    learned: dict[str, str] = field(default_factory=dict)
    skips: str = ""
    waits_as: str = "role.usually"
    """The note of an undisturbed wait."""

    @property
    def about(self) -> dict[str, Any]:
        """The names of the operation's service and its Region, for a problem."""
        return {"service": self.operation.service, "region": self.operation.region}

    def because(self, code: str, **params: str | int) -> None:
        """Set the note that the step ends with."""
        self.note_code, self.note_params = code, params

    def learn(self, *, principal_arn: str = "", image_uri: str = "") -> None:
        """Store what the operation found out; "" leaves a value unchanged."""
        values = {"principal_arn": principal_arn, "image_uri": image_uri}
        self.learned |= {name: value for name, value in values.items() if value}

    def skip(self, later: StepName) -> None:
        """Close a later step as not needed, with the note that this one ends with."""
        self.skips = later

    async def note(self, code: str, **params: str | int) -> None:
        """Leave a remark that is shown while the step runs."""
        await self.context.record(store.step_noted, self.run, {"code": code, "params": params})

    async def note_again(self, problem: Problem, seconds: float) -> None:
        """Set the note that AWS is called again, with its last answer if there was one."""
        seconds = max(1, round(seconds))
        note = NOTES_OF_A_RETRY.get(problem.code, "aws.again")
        await self.note(note, answer=problem.aws_code or problem.code, seconds=seconds)

    def note_soon(self, problem: Problem | None, seconds: float) -> None:
        """Leave a remark from the loop without waiting for it: AWS cannot be asked right now, or can again."""
        note = self.note(self.waits_as) if problem is None else self.note_again(problem, seconds)
        task = asyncio.ensure_future(note)
        self.notes_under_way.add(task)
        task.add_done_callback(self.notes_under_way.discard)

    def missing_since(self, problem: Problem) -> Result:
        """Return, as a part of the result, that AWS no longer knows the repository, and when it was asked."""
        operation, context = self.operation, self.context
        if problem.code != "repository.not_found" or problem.params.get("repository") != operation.repository:
            return {}
        at = context.clock.now().timestamp() - (context.clock.monotonic() - self.asked_at)
        return {"missing": {"region": operation.region, "name": operation.repository, "at": at}}

    async def adopt_unanswered(self) -> None:
        """Mark writes of an earlier run without a recorded answer as unanswered: AWS may have carried them out."""
        context, repository = self.context, self.operation.repository
        if await context.in_db(policy_writes.adopt_unanswered, self.run, repository):
            self.late_until = context.deadlines.after(context.late_write_seconds)

    def check_cancelled(self) -> None:
        """Stop here if requested: a safe point, at which everything sent is recorded."""
        if self.cancelled.is_set():
            raise CancelledHere

    async def pause(self, seconds: float) -> None:
        """Wait, unless a stop is requested meanwhile."""
        await self._unless_cancelled(self.context.clock.sleep(seconds))

    async def pause_for_change(self, seen: int) -> None:
        """Wait for other operations as `Running.wait_for_change` does, unless a stop is requested meanwhile."""
        await self._unless_cancelled(self.context.running.wait_for_change(seen, NEXT_LOOK, LOOK_ELSEWHERE))

    async def _unless_cancelled(self, pause: Coroutine[Any, Any, None]) -> None:
        pausing = asyncio.ensure_future(pause)
        stopping = asyncio.ensure_future(self.cancelled.wait())
        _, waiting = await asyncio.wait({pausing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        self.check_cancelled()

    async def call(self, call: Callable[..., Answered[T]], *args: Any, **kwargs: Any) -> T:
        """Make one AWS call, retried as `patiently` does."""
        return await self.patiently(lambda: self.once(call, *args, **kwargs))

    async def patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Return what an attempt returns, repeated while its problem may be temporary.

        Raises:
            Problem: one that is not temporary, or that lasted for about a minute and a half.
        """
        for seconds in (*AGAIN, None):
            try:
                return await attempt()
            except Problem as problem:
                if seconds is None or not problem.retryable or problem.code not in PASSES_BY_ITSELF:
                    raise
                await self.note_again(problem, seconds)
                await self.pause(seconds)
        raise AssertionError("the last try returns or raises")

    async def change(self, call: Callable[[], Answered[T]], planned: str, **noted: Any) -> T:
        """Make one AWS call that changes something, once `noted` is recorded for a run that finds it done after a crash.

        `planned` names the point before the call to `Context.crash`.

        Raises:
            Problem: AWS's.
            Overtaken: another run has begun; or this process stalled, and one may have: nothing is sent then.
        """
        context, since = self.context, self.context.clock.monotonic()

        @functools.wraps(call)
        def fenced() -> Answered[T]:
            if context.clock.monotonic() - since > context.sure_seconds:
                raise Overtaken
            return call()

        if not await context.in_db(store.noted_before_sending, self.run, **noted):
            raise Overtaken
        context.crash(planned)
        with context.running.writing(self.operation.id):
            return await self.once(fenced, first=True)

    async def once(self, call: Callable[..., Answered[T]], *args: Any, first: bool = False, **kwargs: Any) -> T:
        """Make one AWS call in the AWS pool, without retry; `first` runs it before all waiting ones. Raises Problem."""

        @functools.wraps(call)
        def timed() -> Answered[T]:
            self.asked_at = self.context.clock.monotonic()
            return call(*args, **kwargs)

        run = self.context.calls.run_next if first else self.context.calls.run
        try:
            answered = await run(self.operation.region, timed)
        except Problem as problem:
            if problem.request_id:
                self.request_ids.append(problem.request_id)
            raise
        self.request_ids.append(answered.request_id)
        return answered.value


# Problems that a retry may not meet again, and the note meanwhile.
NOTES_OF_A_RETRY = {
    "aws.unreachable": "aws.silent",
    "aws.slow": "aws.silent",
    "aws.call_lost": "aws.silent",
    "aws.bad_answer": "aws.damaged",
    "aws.not_aws": "aws.damaged",
    "aws.credentials_slow": "aws.no_keys",
    "host.out_of_files": "host.short",
    "host.out_of_memory": "host.short",
    "host.out_of_threads": "host.short",
    "host.out_of_connections": "host.short",
}
PASSES_BY_ITSELF = frozenset({"aws.throttled", "aws.failed", "aws.region_setup", *NOTES_OF_A_RETRY})

Body = Callable[[Stepping], Awaitable[tuple[StepState, Result]]]


async def run_step(operation_id: str, name: StepName, body: Body, *, resumes: bool = False) -> Result:
    """Run a step's body with its record around it.

    Args:
        operation_id: the operation.
        name: the step.
        body: what it does.
        resumes: a run after a crash runs the body although the operation is cancelled: it finds out what the run before
            it has done, and stops at its own safe points.

    Returns:
        `state`, and what the body found; `problem` when it failed. Plain JSON, never an exception of ours: after a
        restart a checkpoint returns the same to the workflow.
    """
    context = current()
    longest = NEXT_LOOK  # soon at first: what is in the way may be this operation's own beginning at the same moment
    while True:
        await context.running.admit()
        seen = context.running.changes
        try:
            begun = await context.record(store.step_started, operation_id, name, context.clock.now())
        except BehindAnother:
            await context.running.wait_for_change(seen, NEXT_LOOK, longest)
            longest = LOOK_ELSEWHERE
            continue
        if begun is None:
            return {"state": StepState.CANCELLED}
        try:
            return await _run(Stepping(*begun, context), body, resumes=resumes)
        except Overtaken:
            # If that one has taken the operation over, the engine refuses what this one does next.
            log.warning("another run of %s of operation %s has begun, or may have", name, operation_id)


async def _run(stepping: Stepping, body: Body, *, resumes: bool) -> Result:
    operation, context = stepping.operation, stepping.context
    is_again = stepping.run.attempt > 1
    async with context.cancels.watching(operation.id) as stepping.cancelled:
        if operation.cancel_requested_by:
            stepping.cancelled.set()
        if is_again:
            await stepping.adopt_unanswered()
        try:
            if not (is_again and resumes):
                stepping.check_cancelled()
            state, result = await body(stepping)
        except CancelledHere:
            state, result = StepState.CANCELLED, {}
        except Problem as problem:
            state, result = StepState.FAILED, {"problem": problem.to_json(), **stepping.missing_since(problem)}
        await _end(stepping, state, result)
    if stepping.late_until is not None:
        result["late_until"] = stepping.late_until
    return {"state": state, **result}


async def _end(stepping: Stepping, state: StepState, result: Result) -> None:
    note = {"code": stepping.note_code, "params": stepping.note_params} if stepping.note_code else None
    request_ids = tuple(dict.fromkeys(stepping.request_ids))
    end = store.StepEnd(state, note, result.get("problem"), request_ids, stepping.learned, stepping.skips)
    context = stepping.context
    await context.record(store.step_ended, stepping.run, end, context.clock.now())

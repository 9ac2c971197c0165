"""Runs a reader's calls: with its own threads, or in the server's pool of AWS calls. Bounded in time.

Reads without an answer in time are unknown; a thread that hangs in a call ends with the process.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from app.diagnosis.diagnosis import Diagnosis, diagnose_all
from app.diagnosis.facts import DENIED, Known, Reading, Unknown, reading_of
from app.diagnosis.lookups import Read
from app.diagnosis.reader import SHARED, Question, ReadsAws, Results, Round, Rounds, read
from app.errors import Problem

SECONDS: Final = 10.0
_TOO_LATE: Final = Unknown("aws.slow")


class RunsCalls(Protocol):
    """The server's pool: `app.aws.call_pool.AwsCalls`."""

    def run(self, region: str, call: Callable[[], Any]) -> Awaitable[Any]:
        """Run a blocking call and return its result."""


@dataclass(frozen=True)
class Pool:
    """A server's executors: blocking calls to AWS in `calls`, CPU-bound work in `compute`."""

    calls: RunsCalls
    compute: Callable[..., Awaitable[Any]]


def diagnose_with_threads(
    question: Question,
    aws: ReadsAws,
    now: datetime,
    seconds: float = SECONDS,
    on_round: Callable[[Round], None] | None = None,
) -> tuple[Diagnosis, ...]:
    """Return the diagnosis of each image.

    Args:
        question: what to diagnose.
        aws: the connection.
        now: the current time, for conditions on the date.
        seconds: after which reads without an answer are unknown.
        on_round: called with each round of calls before it is made.

    Raises:
        Problem: no call can be made at all, as without credentials.
    """
    until = time.monotonic() + seconds
    rounds = read(question, aws, now)
    step = _advance(rounds, None)
    while isinstance(step, _Wanted):
        if on_round is not None:
            on_round(step.round)
        step = _advance(rounds, side_by_side(step.round, until))
    return step


async def diagnose_in_pool(
    question: Question, aws: ReadsAws, pool: Pool, now: datetime, seconds: float = SECONDS
) -> tuple[Diagnosis, ...]:
    """Like `diagnose_with_threads`, in the server's pools; nothing that parses policies runs on the event loop."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    rounds = read(question, aws, now)
    step: _Wanted | tuple[Diagnosis, ...] = await pool.compute(_advance, rounds, None)
    while isinstance(step, _Wanted):
        results = await _pooled(step.round, pool.calls, max(0.0, until - loop.time()))
        step = await pool.compute(_advance, rounds, results)
    return step


@dataclass(frozen=True)
class _Wanted:
    round: Round


def _advance(rounds: Rounds, results: Results | None) -> _Wanted | tuple[Diagnosis, ...]:
    """Return the next round of reads, or the diagnoses."""
    try:
        return _Wanted(next(rounds) if results is None else rounds.send(results))
    except StopIteration as ended:
        return diagnose_all(ended.value)


def side_by_side(reads: Round, until: float) -> Results:
    """Return the results of a round, each call in a thread of its own; `until` is monotonic seconds.

    Raises:
        Problem: why no call can be made.
    """
    results: dict[Any, Reading[Any]] = {}
    problems: list[Problem] = []

    def work(key: Any, call: Read) -> None:
        try:
            results[key] = Known(call().value)
        except Problem as problem:
            problems.append(problem)
            results[key] = reading_of(problem)

    threads = [threading.Thread(target=work, args=(key, call), daemon=True) for key, (_, call) in reads.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    settled = dict(results)
    _raise_what_concerns_all(problems, reads)
    return {key: settled.get(key, _TOO_LATE) for key in reads}


async def _pooled(reads: Round, calls: RunsCalls, seconds: float) -> Results:
    tasks = {key: asyncio.ensure_future(calls.run(region, call)) for key, (region, call) in reads.items()}
    if not tasks:
        return {}
    await asyncio.wait(tasks.values(), timeout=seconds)
    results: dict[Any, Reading[Any]] = {}
    problems: list[Problem] = []
    for key, task in tasks.items():
        if not task.done():
            task.cancel()
            results[key] = _TOO_LATE
            continue
        try:
            results[key] = Known(task.result().value)
        except Problem as problem:
            problems.append(problem)
            results[key] = reading_of(problem)
    _raise_what_concerns_all(problems, reads)
    return results


def _raise_what_concerns_all(problems: list[Problem], reads: Round) -> None:
    """Raise the common Problem if every call of the first round failed alike, and not for a missing permission.

    A later round may be a single call, which says nothing about earlier reads.
    """
    if not any(number == SHARED for number, _ in reads):
        return
    first = problems[0] if problems else None
    if (
        first is None
        or first.retryable
        or len(problems) < len(reads)
        or not first.code.startswith("aws.")
        or first.code == DENIED
    ):
        return
    if all(problem.code == first.code for problem in problems):
        raise first

"""The bounded thread pool for all blocking calls to AWS, with a limit per region and service.

AWS throttles by account and region, so a region may use only part of the pool, and one service of it only part of
that. Calls that a person or an operation awaits run before background reads. A call that does not end in time is
given up and its thread replaced. The threads are daemons: they end with the process, even if a call hangs.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

from app.errors import Problem

P = ParamSpec("P")
R = TypeVar("R")

# Shares of a region's, a service's or the pool's limit: for one service of a region, and for background work.
SHARE: Final = 0.75
# Seconds after which a call is given up; the SDK's own timeouts end it earlier, unless it hangs outside of them.
LONGEST_CALL: Final = 45.0
# When this many given-up calls still hang in their threads, no further thread is replaced.
MOST_LOST: Final = 64


@dataclass(frozen=True)
class CallCounts:
    """Calls so far that wait, run, or have ended (successfully or not), and threads that hang in given-up calls."""

    waiting: int
    running: int
    ended: int
    lost: int = 0


@dataclass(eq=False)
class _Task:
    future: Future[Any]
    call: Callable[[], Any]
    lane: _Lane
    gives_up_at: float = 0.0
    given_up: bool = False


@dataclass(eq=False)
class _Lane:
    """The calls of one service in one region: its queues, and how many of its calls run."""

    region: str
    running: int = 0
    awaited: deque[_Task] = field(default_factory=deque)
    background: deque[_Task] = field(default_factory=deque)


class AwsCalls:
    """Runs calls to one AWS connection in a thread pool.

    Args:
        pool_size: number of threads.
        per_region_limit: calls of one region in flight at once.
        longest: seconds after which a call is given up.
        monotonic: the clock.

    Background work may use three quarters of either limit, and so may one service of a region, so that neither a slow
    AWS nor one slow service can fill the pool.
    """

    def __init__(
        self,
        *,
        pool_size: int = 20,
        per_region_limit: int = 12,
        longest: float = LONGEST_CALL,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool_size = pool_size
        self._per_region_limit = per_region_limit
        self._longest = longest
        self._monotonic = monotonic
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._lock = threading.Lock()
        self._wanted = threading.Condition(self._lock)  # idle workers wait here
        self._overdue = threading.Condition(self._lock)
        self._running: list[_Task] = []
        self._threads = 0
        self._idle = 0
        self._lost = 0
        self._ended = 0
        self._watching = False
        self._closed = False

    async def run(self, region: str, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a blocking call that is awaited, and return its result. Raises what the call raises.

        Raises:
            Problem: `aws.call_lost` for a call that was given up, which may still take effect.
        """
        return await asyncio.wrap_future(self._hand_in(region, call, partial(call, *args, **kwargs)))

    async def run_next(self, region: str, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Like `run`, but ahead of all waiting calls: for a write, which is based on a read that ages."""
        return await asyncio.wrap_future(self._hand_in(region, call, partial(call, *args, **kwargs), first=True))

    async def run_in_background(self, region: str, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Like `run`, but after all awaited calls."""
        return await asyncio.wrap_future(self._hand_in(region, call, partial(call, *args, **kwargs), background=True))

    def counts(self) -> CallCounts:
        """Return how many calls wait, run and have ended."""
        with self._lock:
            waiting = sum(len(lane.awaited) + len(lane.background) for lane in self._lanes.values())
            return CallCounts(waiting, len(self._running), self._ended, self._lost)

    def close(self) -> None:
        """Accept no more calls and cancel those that wait; those in flight end on their own, or with the process."""
        with self._lock:
            self._closed = True
            for lane in self._lanes.values():
                for task in (*lane.awaited, *lane.background):
                    task.future.cancel()
            self._wanted.notify_all()
            self._overdue.notify_all()

    def _hand_in(
        self,
        region: str,
        call: Callable[..., Any],
        bound: Callable[[], R],
        *,
        background: bool = False,
        first: bool = False,
    ) -> Future[R]:
        future: Future[R] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the AWS pool is closed")
            lane = self._lanes.setdefault((region, _service_of(call)), _Lane(region))
            task = _Task(future, bound, lane)
            queue = lane.background if background else lane.awaited
            (queue.appendleft if first else queue.append)(task)
            if not self._wake() and not self._begin_thread():
                queue.remove(task)
                raise self._no_thread(region)
        return future

    def _wake(self) -> bool:
        """Let an idle worker look for a task; return False if none is idle. The lock is held."""
        if not self._idle:
            return False
        self._idle -= 1
        self._wanted.notify()
        return True

    def _begin_thread(self) -> bool:
        """Start one more worker if allowed; return False if there is none at all. The lock is held."""
        if self._threads - self._lost < self._pool_size and self._lost < MOST_LOST:
            try:
                threading.Thread(target=self._work, name="aws", daemon=True).start()
            except RuntimeError:
                pass  # the machine cannot start a thread; the existing ones continue
            else:
                self._threads += 1
        return self._threads > self._lost

    def _no_thread(self, region: str) -> Problem:
        if self._lost < MOST_LOST:
            return Problem("host.out_of_threads", retryable=True)
        return Problem("aws.call_lost", retryable=True, region=region, seconds=round(self._longest))

    def _work(self) -> None:
        while (task := self._await_task()) is not None:
            try:
                result, error = task.call(), None
            except BaseException as raised:  # noqa: BLE001  (passed on to the awaiting caller)
                result, error = None, _awaitable(raised)
            if not self._end(task):
                continue  # the caller has its answer already
            if error is not None:
                task.future.set_exception(error)
            else:
                task.future.set_result(result)

    def _await_task(self) -> _Task | None:
        """Return the next task, marked as running; None once this thread is no longer needed."""
        with self._lock:
            while (task := self._next()) is None:
                if self._closed or self._threads - self._lost > self._pool_size:
                    self._threads -= 1
                    return None
                self._idle += 1
                self._wanted.wait()
            task.gives_up_at = self._monotonic() + self._longest
            task.lane.running += 1
            self._running.append(task)
            self._watch()
            return task

    def _next(self) -> _Task | None:
        """Return the next call that may run: awaited ones first, round robin over the lanes. The lock is held."""
        for kind, share in (("awaited", 1.0), ("background", SHARE)):
            if len(self._running) >= _part(self._pool_size, share):
                continue
            for key, lane in self._lanes.items():
                task = _take(getattr(lane, kind)) if self._has_room(lane, key[1], share) else None
                if task is not None:
                    self._lanes[key] = self._lanes.pop(key)  # to the end of the queue
                    return task
        return None

    def _has_room(self, lane: _Lane, service: str, share: float) -> bool:
        limit = _part(self._per_region_limit, share)
        if sum(other.running for other in self._lanes.values() if other.region == lane.region) >= limit:
            return False
        return not service or lane.running < _part(limit, SHARE)

    def _end(self, task: _Task) -> bool:
        """Count a task as ended; return False if it was given up before."""
        with self._lock:
            if task.given_up:
                self._lost -= 1
                return False
            self._running.remove(task)
            task.lane.running -= 1
            self._ended += 1
            return True

    def _watch(self) -> None:
        """Make sure that a watchdog gives up hanging calls. The lock is held."""
        if not self._watching:
            try:
                threading.Thread(target=self._give_up_in_time, name="aws-watch", daemon=True).start()
            except RuntimeError:
                return  # the next call tries again
            self._watching = True

    def _give_up_in_time(self) -> None:
        while (overdue := self._await_overdue()) is not None:
            for task in overdue:
                # A call without an answer may have taken effect.
                problem = Problem(
                    "aws.call_lost", retryable=True, region=task.lane.region, seconds=round(self._longest)
                )
                problem.effect_unknown = True
                task.future.set_exception(problem)

    def _await_overdue(self) -> list[_Task] | None:
        with self._lock:
            while not self._closed:
                overdue = list(self._take_overdue())
                if overdue:
                    return overdue
                now = self._monotonic()
                first = min((task.gives_up_at for task in self._running), default=now + self._longest)
                self._overdue.wait(max(0.0, first - now))
            return None

    def _take_overdue(self) -> Iterator[_Task]:
        now = self._monotonic()
        for task in [task for task in self._running if task.gives_up_at <= now]:
            task.given_up = True
            self._running.remove(task)
            task.lane.running -= 1
            self._ended += 1
            self._lost += 1
            self._begin_thread()
            yield task


def _service_of(call: Callable[..., Any]) -> str:
    """Return the AWS service of a port's method, "" for any other call."""
    return str(getattr(getattr(inspect.unwrap(call), "__self__", None), "service", ""))


def _part(whole: int, share: float) -> int:
    return max(1, int(whole * share))


def _take(queue: deque[_Task]) -> _Task | None:
    """Return the first task that has not been cancelled."""
    while queue:
        task = queue.popleft()
        if task.future.set_running_or_notify_cancel():
            return task
    return None


def _awaitable(error: BaseException) -> BaseException:
    """Return an exception that a future can carry: not one that ends the event loop or gets lost in it."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    return RuntimeError(f"a call raised {type(error).__name__}")

"""The bounded pool in which all blocking calls to AWS run, with a limit per region. Must never know what the calls do.

AWS throttles by account and region, so a region may use only part of the pool; what a person or an operation waits for
goes before background reading.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class CallCounts:
    """Calls handed in so far that wait, run, or have ended (well or badly)."""

    waiting: int
    running: int
    ended: int


@dataclass
class _Task:
    future: Future[Any]
    call: Callable[[], Any]


@dataclass
class _Lane:
    """One region's share of the pool: its queues, and how many of its calls run."""

    running: int = 0
    awaited: deque[_Task] = field(default_factory=deque)
    background: deque[_Task] = field(default_factory=deque)


class AwsCalls:
    """Runs calls to one AWS connection in threads of its own; for async callers and for plain threads alike.

    Args:
        pool_size: threads in all.
        per_region_limit: calls of one region in flight at once.

    Background work may use three quarters of either, so that a slow AWS cannot fill the pool with it.
    """

    def __init__(self, *, pool_size: int = 16, per_region_limit: int = 8) -> None:
        self._threads = ThreadPoolExecutor(pool_size, thread_name_prefix="aws")
        self._pool_size = pool_size
        self._per_region_limit = per_region_limit
        self._lanes: dict[str, _Lane] = {}
        self._lock = threading.Lock()
        self._running = 0
        self._ended = 0
        self._closed = False

    async def run(self, region: str, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Await a blocking call that somebody waits for. Raises whatever the call raises."""
        return await asyncio.wrap_future(self._hand_in(region, partial(call, *args, **kwargs), background=False))

    async def run_next(self, region: str, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """As `run`, before everything that waits: for a write, which is based on a reading that grows old."""
        return await asyncio.wrap_future(
            self._hand_in(region, partial(call, *args, **kwargs), background=False, first=True)
        )

    async def run_in_background(self, region: str, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """As `run`, behind everything that somebody waits for."""
        return await asyncio.wrap_future(self._hand_in(region, partial(call, *args, **kwargs), background=True))

    def call(self, region: str, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """As `run`, for callers that are plain threads; never on an event loop, nor from within a call."""
        return self._hand_in(region, partial(call, *args, **kwargs), background=False).result()

    def counts(self) -> CallCounts:
        """How many calls wait, run and have ended."""
        with self._lock:
            lanes = self._lanes.values()
            waiting = sum(len(lane.awaited) + len(lane.background) for lane in lanes)
            return CallCounts(waiting, self._running, self._ended)

    def close(self) -> None:
        """Take no more calls and cancel those that wait; those in flight end by themselves, within a minute."""
        with self._lock:
            self._closed = True
            for lane in self._lanes.values():
                for task in (*lane.awaited, *lane.background):
                    task.future.cancel()
        self._threads.shutdown(wait=False)

    def _hand_in(self, region: str, call: Callable[[], R], *, background: bool, first: bool = False) -> Future[R]:
        future: Future[R] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the AWS pool is closed")
            lane = self._lanes.setdefault(region, _Lane())
            queue = lane.background if background else lane.awaited
            (queue.appendleft if first else queue.append)(_Task(future, call))
            self._fill()
        return future

    def _fill(self) -> None:
        """Start what may start. The lock is held."""
        while not self._closed and (found := self._next()):
            lane, task = found
            self._running += 1
            lane.running += 1
            self._threads.submit(self._work, lane, task)

    def _next(self) -> tuple[_Lane, _Task] | None:
        """The next call that may run: awaited ones first, the regions in turn."""
        for kind, share in (("awaited", 1.0), ("background", 0.75)):
            if self._running >= max(1, int(self._pool_size * share)):
                continue
            for region, lane in self._lanes.items():
                allowed = max(1, int(self._per_region_limit * share))
                task = _take(getattr(lane, kind)) if lane.running < allowed else None
                if task is not None:
                    self._lanes[region] = self._lanes.pop(region)  # to the end of the line
                    return lane, task
        return None

    def _work(self, lane: _Lane, task: _Task) -> None:
        try:
            result = task.call()
        except BaseException as error:  # noqa: BLE001  (handed on to whoever awaits it, whatever it is)
            self._end(lane)
            task.future.set_exception(error)
        else:
            self._end(lane)
            task.future.set_result(result)

    def _end(self, lane: _Lane) -> None:
        with self._lock:
            self._running -= 1
            lane.running -= 1
            self._ended += 1
            self._fill()


def _take(queue: deque[_Task]) -> _Task | None:
    """The first that nobody has cancelled meanwhile."""
    while queue:
        task = queue.popleft()
        if task.future.set_running_or_notify_cancel():
            return task
    return None

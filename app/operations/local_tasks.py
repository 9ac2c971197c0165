"""The operations running in this process, whether new steps may begin, and writes that must not be interrupted.

A step may begin only while this replica holds its lease and is not about to stop. Uses no database and no engine.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from app.clock import Clock


class Running:
    """The operations running here. Used on one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tasks: defaultdict[str, set[asyncio.Task[object]]] = defaultdict(set)
        self._changed = asyncio.Event()
        self._until = float("inf")
        self._stopping = False
        self._writing: Counter[str] = Counter()
        self.changes = 0
        """How often something was recorded here that another operation may wait for."""
        self._awaited = asyncio.Event()

    @property
    def ids(self) -> frozenset[str]:
        """Return the operations running here."""
        return frozenset(self._tasks)

    @contextmanager
    def working(self, operation_id: str) -> Iterator[None]:
        """Register the current task as working on an operation while the block runs."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  (coroutines run in tasks)
        self._tasks[operation_id].add(task)
        try:
            yield
        finally:
            self._tasks[operation_id].discard(task)
            if not self._tasks[operation_id]:
                del self._tasks[operation_id]

    @contextmanager
    def writing(self, operation_id: str) -> Iterator[None]:
        """Register a change sent to AWS that is not yet recorded: a stop waits for the end of the block."""
        self._writing[operation_id] += 1
        try:
            yield
        finally:
            self._writing[operation_id] -= 1
            self._writing += Counter()  # removes entries at zero
            self._wake()

    async def admit(self) -> None:
        """Wait until a step may begin."""
        while self._stopping or self._clock.monotonic() >= self._until:
            await self._changed.wait()

    def may_begin_until(self, monotonic: float) -> None:
        """Allow steps to begin until this monotonic time: as long as no other replica can have taken over."""
        self._until = monotonic
        self._wake()

    async def drain(self, seconds: float) -> bool:
        """Let no step begin from now on, and wait for writes in flight. False: some remained after that time."""
        self._stopping = True
        try:
            async with asyncio.timeout(seconds):
                while self._writing:
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def drop(self) -> frozenset[str]:
        """Cancel all work here, at whatever point it is; return which operations that was."""
        dropped = self.ids
        tasks = [task for each in self._tasks.values() for task in each]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return dropped

    def note_change(self) -> None:
        """Wake the operations here that wait for others: one of them has ended, or recorded what they wait for."""
        self.changes += 1
        self._awaited.set()
        self._awaited = asyncio.Event()

    async def wait_for_change(self, seen: int, shortest: float, longest: float) -> None:
        """Wait for a change that `seen`, an earlier value of `changes`, does not count: `shortest` to `longest` seconds.

        Other replicas' changes are not noticed: after `longest` the caller looks for them.
        """
        began, awaited = self._clock.monotonic(), self._awaited
        if self.changes == seen:
            waiting = [asyncio.ensure_future(self._clock.sleep(longest)), asyncio.ensure_future(awaited.wait())]
            try:
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in waiting:
                    each.cancel()
        if (left := began + shortest - self._clock.monotonic()) > 0:
            await self._clock.sleep(left)

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

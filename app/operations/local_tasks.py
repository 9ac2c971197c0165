"""What is at work in this process: which operations, whether new steps may begin, and what must not be cut off.

A step may begin only while this replica holds its lease and is not about to stop. Knows no database and no engine.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from app.clock import Clock


class Running:
    """The operations at work here. Lives on one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tasks: defaultdict[str, set[asyncio.Task[object]]] = defaultdict(set)
        self._changed = asyncio.Event()
        self._until = float("inf")
        self._stopping = False
        self._writing: Counter[str] = Counter()

    @property
    def ids(self) -> frozenset[str]:
        """The operations at work here."""
        return frozenset(self._tasks)

    @contextmanager
    def working(self, operation_id: str) -> Iterator[None]:
        """The present task works on an operation for as long as the block runs."""
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
        """A change is on its way to AWS and not yet recorded: a stop waits for the end of the block."""
        self._writing[operation_id] += 1
        try:
            yield
        finally:
            self._writing[operation_id] -= 1
            self._writing += Counter()  # forgets those at zero
            self._wake()

    async def admit(self) -> None:
        """Wait until a step may begin."""
        while self._stopping or self._clock.monotonic() >= self._until:
            await self._changed.wait()

    def may_begin_until(self, monotonic: float) -> None:
        """Steps may begin until this moment of the clock: as long as no other replica can have taken over."""
        self._until = monotonic
        self._wake()

    async def drain(self, seconds: float) -> bool:
        """Let no step begin from now on, and wait for changes on their way. False: some were after that time."""
        self._stopping = True
        try:
            async with asyncio.timeout(seconds):
                while self._writing:
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def drop(self) -> frozenset[str]:
        """Leave off all that is at work here, wherever it stands; which operations those were."""
        dropped = self.ids
        tasks = [task for each in self._tasks.values() for task in each]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return dropped

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

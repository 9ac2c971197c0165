"""A clock for tests that takes no time."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta


class FakeClock:
    """A clock that jumps: when all that runs on the loop is asleep, it goes on to the next that wants to wake.

    With `jumps=False` time stands until `advance`.
    """

    TURNS = 20  # of the loop without a jump, for what was woken to run on

    def __init__(self, start: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC), *, jumps: bool = True) -> None:
        self._start = start
        self._passed = 0.0
        self._jumps = jumps
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._turning = False

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return self._passed

    def advance(self, seconds: float) -> None:
        """Let time pass at once; on the loop, where there are sleepers."""
        self._passed += seconds
        while self._sleepers and self._sleepers[0][0] <= self._passed + 1e-9:
            sleeper = heapq.heappop(self._sleepers)[2]
            if not sleeper.done():
                sleeper.set_result(None)

    def forget(self) -> None:
        """Let nobody sleep any more: their loop has ended."""
        self._sleepers.clear()
        self._turning = False

    async def sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        sleeper = loop.create_future()
        heapq.heappush(self._sleepers, (self._passed + max(0.0, seconds), next(self._order), sleeper))
        if self._jumps and not self._turning:
            self._turning = True
            loop.call_soon(self._turn, loop, self.TURNS)
        await sleeper

    def _turn(self, loop: asyncio.AbstractEventLoop, left: int) -> None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        if left == 0 and self._sleepers:
            self.advance(max(0.0, self._sleepers[0][0] - self._passed))
        self._turning = bool(self._sleepers) or left > 0
        if self._turning:
            loop.call_soon(self._turn, loop, left - 1 if left else self.TURNS)

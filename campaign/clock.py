"""Time for operations and sandbox alike, many times as fast as outside: what waits for AWS costs nothing."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import UTC, datetime, timedelta

from app.sandbox.clock import Clock as SandboxClock

# A machine that stands still for a moment stands still for so many times as long by this clock: on a busy one, less.
SPEED = int(os.environ.get("FAULTS_SPEED", "100"))


class FastClock:
    """The machine's clock from now on, faster; operations sleep by it."""

    def __init__(self) -> None:
        self._began, self._moment = time.monotonic(), datetime.now(UTC)

    def now(self) -> datetime:
        return self._moment + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * SPEED

    def at(self, monotonic: float) -> float:
        """The time, in seconds since 1970, at which the machine's monotonic clock showed this."""
        return self._moment.timestamp() + (monotonic - self._began) * SPEED

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


class SameClock(SandboxClock):
    """The same time for the sandbox."""

    def __init__(self, clock: FastClock) -> None:
        super().__init__()
        self._clock = clock

    def now(self) -> float:
        return self._clock.now().timestamp() + self.ahead

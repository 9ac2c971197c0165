"""Time as a dependency: code that waits or records a time takes a clock. Imports no other module of ours."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The current time, and sleeping."""

    def now(self) -> datetime:
        """Return the time in UTC, to record and to compare with deadlines."""

    def monotonic(self) -> float:
        """Return seconds since an arbitrary time, never set back: for intervals."""

    async def sleep(self, seconds: float) -> None:
        """Sleep for `seconds`."""


class SystemClock:
    """The system clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

"""Time, handed in by the door: what waits or writes down a time takes a clock. Must never import anything of ours."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What tells the time and passes it."""

    def now(self) -> datetime:
        """The time in UTC, to write down and to compare with deadlines."""

    def monotonic(self) -> float:
        """Seconds since some moment, never set back: for intervals."""

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

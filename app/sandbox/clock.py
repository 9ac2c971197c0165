"""The sandbox's clock, which can be moved forward. Everything in the sandbox uses it."""

from __future__ import annotations

import time


class Clock:
    """The time of day, in seconds since 1970, plus the seconds that it was moved forward by."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead

    def advance(self, seconds: float) -> None:
        """Move the clock forward by `seconds`."""
        self.ahead += seconds

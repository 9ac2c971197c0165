"""The sandbox's time, which can be moved forward; nothing else in the sandbox may look at a clock."""

from __future__ import annotations

import time


class Clock:
    """The time of day, in seconds since 1970, plus whatever it was moved forward by."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead

    def advance(self, seconds: float) -> None:
        """Let everything that waits see `seconds` pass at once."""
        self.ahead += seconds

"""A clock for the sandbox that does not advance."""

from __future__ import annotations

from app.sandbox.clock import Clock


class StoppedClock(Clock):
    """A clock that only the test moves, starting at a fixed time."""

    def __init__(self, at: float = 1_700_000_000.0) -> None:
        super().__init__()
        self.at = at

    def now(self) -> float:
        return self.at + self.ahead

"""A clock for the sandbox that does not advance."""

from __future__ import annotations

from app.sandbox.clock import Clock


class StoppedClock(Clock):
    """A clock that moves only when told to, from a fixed moment."""

    def __init__(self, at: float = 1_700_000_000.0) -> None:
        super().__init__()
        self.at = at

    def now(self) -> float:
        return self.at + self.ahead

"""Deadlines that outlive a process and that a wrong clock does not end: measured by the monotonic clock where possible.

A deadline is stored as a UTC time in seconds, the only form that another process can use.
"""

from __future__ import annotations

from app.clock import Clock

FORGOTTEN_AFTER = 86_400.0


class Deadlines:
    """The deadlines that this process has set. Used on one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ends: dict[float, float] = {}

    def after(self, seconds: float) -> float:
        """Set a deadline and return it: a UTC time in seconds."""
        now = self._clock.monotonic()
        self._ends = {deadline: end for deadline, end in self._ends.items() if now - end < FORGOTTEN_AFTER}
        deadline = self._clock.now().timestamp() + seconds
        self._ends[deadline] = now + seconds
        return deadline

    def left(self, deadline: float, *, limit: float, least: float) -> float:
        """Return the seconds until a deadline.

        Args:
            deadline: as `after` returned it, in this process or in another one.
            limit: how long the whole wait may take.
            least: the minimum if another process set it: one of the two clocks may be wrong, or the machine may have
                slept in between.
        """
        end = self._ends.get(deadline)
        if end is not None:
            return max(0.0, end - self._clock.monotonic())
        left = deadline - self._clock.now().timestamp()
        return min(limit, max(least, left))

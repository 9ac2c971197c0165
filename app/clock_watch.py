"""Detects that the machine's clock was set, or that the machine slept: times recorded then are wrong."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from app.clock import Clock

log = logging.getLogger(__name__)

EVERY = 5.0
# Seconds by which the clock may differ from elapsed time: a smaller difference is NTP, or a busy machine.
JUMP = 30.0


class ClockWatch:
    """Compares the clock with elapsed time.

    Args:
        set_back: called at the first check and whenever the clock went back, since recorded times may now be in the
            future.
    """

    def __init__(self, clock: Clock, set_back: Callable[[], Awaitable[None]]) -> None:
        self._clock = clock
        self._set_back = set_back
        self._ahead: float | None = None
        self.jumps = 0

    async def look(self) -> bool:
        """Check once, and log a jump; return whether there was one."""
        ahead = self._clock.now().timestamp() - self._clock.monotonic()
        before, self._ahead = self._ahead, ahead
        if before is not None and abs(ahead - before) > JUMP:
            self.jumps += 1
            self._log(ahead - before)
        if before is None or ahead - before < -JUMP:
            await self._set_back()
        return True

    def _log(self, seconds: float) -> None:
        if seconds > 0:
            log.warning("the clock went %.0f s ahead: it was set, or this machine slept", seconds)
        else:
            log.warning("the clock was set back by %.0f s", -seconds)

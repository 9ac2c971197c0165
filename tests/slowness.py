"""How slow this machine is at the moment, for tests that hold a time."""

from __future__ import annotations

import time
from collections.abc import Callable

# A loop of so many steps takes so long on the machine of docs/performance.md.
STEPS, STEPS_SECONDS = 150_000, 0.010


def slowness(clock: Callable[[], float] = time.monotonic, rounds: int = 1) -> float:
    """How many times as long as there the same work takes now; 1.0 on a machine that is as fast or faster.

    By `time.monotonic`, what others do at the same time makes it slower; by `time.thread_time` hardly.
    """
    began, total = clock(), 0
    for step in range(rounds * STEPS):
        total += step
    return max(1.0, (clock() - began) / (rounds * STEPS_SECONDS))

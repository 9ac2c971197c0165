"""Counts failed sign-ins by address. Pure; each replica counts on its own.

The right link always works, whatever its address did before: only failures are counted and answered with 429.
The secrets are too long to guess; the limit only makes a failing client stop.
"""

from __future__ import annotations

import math
import threading

ALLOWED = 10
SECONDS = 60.0
ADDRESSES = 1000


class FailedTries:
    """The number of failures of each address in the current minute. Times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._failures: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def wait(self, address: str, now: float) -> int:
        """Return how many seconds this address should wait; 0 when it is within the limit."""
        began, count = self._failures.get(address, (now, 0))
        left = began + SECONDS - now
        return math.ceil(left) if count >= ALLOWED and left > 0 else 0

    def failed(self, address: str, now: float) -> None:
        """Count one more failure."""
        with self._lock:
            began, count = self._failures.get(address, (now, 0))
            if now - began >= SECONDS:
                began, count = now, 0
            if address not in self._failures and len(self._failures) >= ADDRESSES:
                self._forget(now)
            self._failures[address] = (began, count + 1)

    def _forget(self, now: float) -> None:
        self._failures = {
            address: (began, count) for address, (began, count) in self._failures.items() if now - began < SECONDS
        }
        if len(self._failures) >= ADDRESSES:
            self._failures.clear()

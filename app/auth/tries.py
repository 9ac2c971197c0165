"""Counts wrong tries by address, so that nobody can keep us busy with guesses. Pure; each replica counts for itself.

Guessing is hopeless by the length of the secrets; this only spares the database.
"""

from __future__ import annotations

import math

ALLOWED = 10
SECONDS = 60.0
ADDRESSES = 1000


class Tries:
    """How many wrong tries an address has had in the running minute. Times are seconds of any clock that only grows."""

    def __init__(self) -> None:
        self._wrong: dict[str, tuple[float, int]] = {}

    def wait(self, address: str, now: float) -> int:
        """How many seconds this address has to wait; 0: it may try."""
        began, count = self._wrong.get(address, (now, 0))
        left = began + SECONDS - now
        return math.ceil(left) if count >= ALLOWED and left > 0 else 0

    def wrong(self, address: str, now: float) -> None:
        """Count one more."""
        began, count = self._wrong.get(address, (now, 0))
        if now - began >= SECONDS:
            began, count = now, 0
        if address not in self._wrong and len(self._wrong) >= ADDRESSES:
            self._forget(now)
        self._wrong[address] = (began, count + 1)

    def _forget(self, now: float) -> None:
        self._wrong = {address: (began, n) for address, (began, n) in self._wrong.items() if now - began < SECONDS}
        if len(self._wrong) >= ADDRESSES:
            self._wrong.clear()

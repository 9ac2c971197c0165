"""A limit on requests per second, as a token bucket. The caller passes the time."""

from __future__ import annotations


class Buckets:
    """One bucket for each key. Each holds one second's worth and starts full."""

    def __init__(self) -> None:
        self.left: dict[object, tuple[float, float]] = {}

    def clear(self) -> None:
        self.left.clear()

    def takes(self, key: object, rate: float, now: float) -> bool:
        """Take one request out of the key's bucket; return False when it is empty."""
        most = max(rate, 1.0)
        left, since = self.left.get(key, (most, now))
        left = min(most, left + max(now - since, 0.0) * rate)
        self.left[key] = (left - 1 if left >= 1 else left, now)
        return left >= 1

"""The log of the calls that the sandbox received, bounded. It holds no text of a policy or manifest."""

from __future__ import annotations

from collections import deque
from itertools import count
from typing import Any

from app.sandbox.call import Call

KEPT = 20_000
LONG = 200


class CallLog:
    """The last calls, numbered from 1 in the order in which they ended."""

    def __init__(self) -> None:
        self.calls: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.numbers = count(1)

    def add(self, call: Call, outcome: str, status: int) -> dict[str, Any]:
        """Add a call and return its entry. Outcomes: `ok`, AWS's error code, or what a fault did to the connection."""
        entry = {
            "sequence": next(self.numbers),
            "at": round(call.at, 3),
            "action": call.action,
            "region": call.region,
            "account": call.account,
            "params": {name: _short(value) for name, value in call.params.items()},
            "outcome": outcome,
            "status": status,
            "request_id": call.request_id,
        }
        self.calls.append(entry)
        return entry

    def since(self, sequence: int) -> list[dict[str, Any]]:
        return [entry for entry in self.calls if entry["sequence"] > sequence]

    def clear(self) -> None:
        """Delete the calls; numbering continues."""
        self.calls.clear()


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > LONG:
        return f"… ({len(value)} characters)"
    return value

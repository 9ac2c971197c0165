"""Ids of operations that sort by request time: within a second, the engine's queue orders by them. Pure."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_id(at: datetime) -> str:
    """Return a UUID of version 7 (RFC 9562): milliseconds, their fraction in twelve bits, and 62 random bits."""
    microseconds = (at - EPOCH) // timedelta(microseconds=1)
    milliseconds, rest = divmod(microseconds, 1000)
    fraction = rest * 4096 // 1000
    number = milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=number))

"""What the policy was when it was read after a write whose answer from AWS was lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.db import Database
from app.history.models import Operation, PolicyChange
from app.history.policy_writes import whole_write
from app.inventory.queries import find_repository
from app.operations.state import ReadSince
from app.policy.canonical import equivalent


@dataclass(frozen=True)
class LaterReading:
    """A reading of the policy at `at`, after the write was sent."""

    shows: ReadSince
    at: datetime


def later_reading(db: Database, change: PolicyChange) -> LaterReading | None:
    """Return what the last reading shows of an unanswered write; None where the policy has not been read since."""
    sent_at = change.unanswered_at
    if change.written_at is not None or sent_at is None:
        return None
    repository = find_repository(db, change.repository_key)
    if repository is None or repository.policy_read_at is None or repository.policy_read_at < sent_at:
        return None
    sent = whole_write(db, change)
    if equivalent(repository.policy_text, sent.after):
        return LaterReading(ReadSince.WITH_CHANGE, repository.policy_read_at)
    unchanged = equivalent(repository.policy_text, sent.before)
    return LaterReading(ReadSince.WITHOUT_CHANGE if unchanged else ReadSince.OTHERWISE, repository.policy_read_at)


def read_since(db: Database, operation: Operation) -> ReadSince | None:
    """Return what later readings show of all unanswered writes of an operation that has ended; None where they differ."""
    if operation.outcome is None:
        return None  # it looks once more itself before it ends
    unanswered = [change for change in operation.changes if change.written_at is None]
    readings = {reading.shows if reading else None for reading in (later_reading(db, each) for each in unanswered)}
    return readings.pop() if len(readings) == 1 else None

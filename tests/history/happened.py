"""Past operations, for the tests of the history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.db import Database
from app.history.models import Operation, PolicyChange, Step
from tests.build import REGION, REPOSITORY, SERVICE

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def happened(db: Database, operation_id: str, at: datetime = NOON, **fields: Any) -> Operation:
    """Record an operation with one step and one change; by default a grant that succeeded within a minute."""
    whole: dict[str, Any] = {
        "kind": "grant",
        "connection": "default",
        "region": REGION,
        "service": SERVICE,
        "repository": REPOSITORY,
        "subject": operation_id,
        "input": {},
        "asked_by": "mika",
        "ended_at": at + MINUTE,
        "outcome": "succeeded",
        **fields,
    }
    step = Step(position=0, name="update_policy", state="succeeded", attempts=1, request_ids=["request-1"])
    place = {"connection": whole["connection"], "region": whole["region"], "repository": whole["repository"]}
    change = PolicyChange(position=0, before=None, after="{}", planned_at=at, written_at=at, **place)
    operation = Operation(id=operation_id, asked_at=at, steps=[step], changes=[change], **whole)
    with db.write() as session:
        session.add(operation)
    return operation


def living(db: Database, operation_id: str, at: datetime = NOON, **fields: Any) -> Operation:
    """Record an operation that has not ended."""
    return happened(db, operation_id, at, **{"outcome": None, "ended_at": None, **fields})

"""The record of sign-ins as CSV or JSON, line by line, one batch in memory at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from app.auth.events import Event, each_event
from app.db import Database
from app.history.export import csv_line

Lines = Iterator[str]

COLUMNS = ("id", "at", "last_at", "count", "kind", "person", "via", "address", "browser", "subject", "detail")


def csv_lines(db: Database) -> Lines:
    """Yield a heading and a row per event, newest first, each with its line end."""
    yield csv_line(COLUMNS)
    for event in each_event(db):
        document = event_document(event)
        detail = " ".join(f"{name}={value}" for name, value in sorted(event.detail.items()))
        yield csv_line([*(document[column] for column in COLUMNS[:-1]), detail])


def json_lines(db: Database) -> Lines:
    """Yield a JSON list with an event per line, newest first."""
    between = "[\n"
    for event in each_event(db):
        yield between + json.dumps(event_document(event), ensure_ascii=False)
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"


def event_document(event: Event) -> dict[str, Any]:
    """Return one event as plain JSON values."""
    return {
        "id": event.id,
        "at": event.at.isoformat(),
        "last_at": event.last_at.isoformat() if event.last_at else None,
        "count": event.count,
        "kind": event.kind,
        "person": event.person,
        "via": event.via,
        "address": event.address,
        "browser": event.browser,
        "subject": event.subject,
        "detail": dict(event.detail),
    }

"""The history as files for other programs, line by line, one batch in memory at a time.

Spreadsheets run a cell that begins with one of a few characters; such a cell is written with a quote before it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from app.db import Database
from app.history import kinds
from app.history.models import Operation, PolicyChange, Step
from app.history.search import BATCH, HistoryFilter, each_operation

COLUMNS = (
    "id",
    "kind",
    "outcome",
    "connection",
    "region",
    "service",
    "repository",
    "asked_by",
    "asked_at",
    "started_at",
    "ended_at",
    "problem",
    "aws_code",
    "cancel_requested_by",
    "policy_writes",
    "principal_arn",
    "image_uri",
    "follows",
    "request_ids",
    "policy_writes_unknown",
    "batch_id",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(db: Database, criteria: HistoryFilter, *, batch: int = BATCH) -> Iterator[str]:
    """Yield a heading and a row per operation, newest first, each with its line end."""
    yield csv_line(COLUMNS)
    for operation in each_operation(db, criteria, batch=batch):
        yield csv_line(_row(operation))


def json_lines(db: Database, criteria: HistoryFilter, *, batch: int = BATCH) -> Iterator[str]:
    """Yield a JSON list with an operation per line, newest first, with its steps and its policies before and after."""
    between = "[\n"
    for operation in each_operation(db, criteria, batch=batch):
        yield between + json.dumps(operation_document(operation), ensure_ascii=False)
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"


def operation_document(operation: Operation) -> dict[str, Any]:
    """Return one operation as plain JSON values; its steps and changes must be loaded."""
    return {
        "id": operation.id,
        "kind": operation.kind,
        "outcome": operation.outcome,
        "connection": operation.connection,
        "region": operation.region,
        "service": operation.service,
        "repository": operation.repository,
        "asked_by": operation.asked_by,
        "asked_at": _time(operation.asked_at),
        "started_at": _time(operation.started_at),
        "ended_at": _time(operation.ended_at),
        "problem": operation.problem,
        "cancel_requested_by": operation.cancel_requested_by,
        "principal_arn": operation.principal_arn,
        "image_uri": operation.image_uri,
        "follows": operation.follows,
        "batch_id": operation.batch_id,
        "steps": [_step(step) for step in operation.steps],
        "changes": [_change(change) for change in operation.changes],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "state": step.state,
        "started_at": _time(step.started_at),
        "ended_at": _time(step.ended_at),
        "attempts": step.attempts,
        "note": step.note,
        "problem": step.problem,
        "request_ids": step.request_ids,
    }


def _change(change: PolicyChange) -> dict[str, Any]:
    return {
        "region": change.region,
        "repository": change.repository,
        "before": change.before,
        "after": change.after,
        "planned_at": _time(change.planned_at),
        "written_at": _time(change.written_at),
        "request_id": change.request_id,
    }


def _row(operation: Operation) -> Iterator[object]:
    document = operation_document(operation)
    problem = operation.problem or {}
    summed_up = {
        "problem": problem.get("code"),
        "aws_code": problem.get("aws_code"),
        "policy_writes": 0
        if operation.kind in kinds.SEEN
        else sum(bool(change.written_at) for change in operation.changes),
        "policy_writes_unknown": sum(change.written_at is None for change in operation.changes),
        "request_ids": " ".join(request_id for step in operation.steps for request_id in step.request_ids),
    }
    return ({**document, **summed_up}[column] for column in COLUMNS)


def csv_line(values: Iterable[object]) -> str:
    """Return a CSV row for spreadsheets, with its line end; no cell of it is run as a formula."""
    line = io.StringIO()
    csv.writer(line).writerow([_cell(value) for value in values])
    return line.getvalue()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()

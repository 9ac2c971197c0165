"""Builds an operation's progress from its rows in the history. Calls neither AWS nor the engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.db import Database
from app.errors import Problem
from app.history import kinds
from app.history.living import list_living
from app.history.models import Operation, Step
from app.history.queries import get_operation
from app.operations.later_reading import read_since
from app.operations.progress import Note, Progress, StepView
from app.operations.state import Kind, Outcome, ReadSince, StepName, StepState

# More live operations than this are not shown on one page.
MOST_RUNNING = 200


def find_progress(db: Database, operation_id: str) -> Progress | None:
    """Return the operation as it stands; None when there is none of that id."""
    operation = get_operation(db, operation_id)
    return None if operation is None else progress_of(operation, read_since(db, operation))


def list_running(db: Database, connection: str, region: str = "", service: str = "") -> tuple[Progress, ...]:
    """Return the live operations, newest first; only those of `service` if it is given."""
    living = list_living(db, connection, region, service, limit=MOST_RUNNING)
    return tuple(progress_of(operation) for operation in living)


def progress_of(operation: Operation, since: ReadSince | None = None) -> Progress:
    """Return the view of an operation whose steps and changes are loaded; `since` as `read_since` gives it."""
    return replace(
        outline_of(operation),
        steps=tuple(_step(step) for step in operation.steps),
        wrote_policy=operation.kind not in kinds.SEEN
        and any(change.written_at is not None for change in operation.changes),
        unconfirmed=any(
            change.written_at is None and (change.unanswered_at is not None or operation.ended_at is not None)
            for change in operation.changes
        ),
        read_since=since,
    )


def outline_of(operation: Operation) -> Progress:
    """Return the view of an operation without its steps and changes, which need not be loaded."""
    return Progress(
        id=operation.id,
        version=operation.version,
        kind=Kind(operation.kind),
        region=operation.region,
        service=operation.service,
        repository=operation.repository,
        asked_by=operation.asked_by,
        asked_at=operation.asked_at,
        steps=(),
        started_at=operation.started_at,
        ended_at=operation.ended_at,
        outcome=Outcome(operation.outcome) if operation.outcome else None,
        problem=_problem(operation.problem),
        cancel_requested=operation.cancel_requested_by is not None,
        image_uri=operation.image_uri,
        deploys_again=operation.input.get("version", 0) if operation.kind == Kind.DEPLOY else 0,
        follows=operation.follows or "",
        batch_id=operation.batch_id or "",
    )


def _step(step: Step) -> StepView:
    return StepView(
        name=StepName(step.name),
        state=StepState(step.state),
        started_at=step.started_at,
        ended_at=step.ended_at,
        attempts=step.attempts,
        note=Note(step.note["code"], step.note["params"]) if step.note else None,
        problem=_problem(step.problem),
        request_ids=tuple(step.request_ids),
    )


def _problem(stored: dict[str, Any] | None) -> Problem | None:
    return Problem.from_json(stored) if stored else None

"""The actions available on an operation in its current state: retry, cancel, undo."""

from __future__ import annotations

from dataclasses import dataclass

from app.bootstrap import Services
from app.inventory.queries import with_active_role
from app.operations.progress import Progress
from app.operations.read import find_progress
from app.operations.start import may_retry
from app.operations.state import GIVES_ACCESS, Kind, StepName, StepState


@dataclass(frozen=True)
class Actions:
    """The actions available on an operation in its current state."""

    retry: bool
    cancel: bool
    undo: bool


def actions_on(progress: Progress) -> Actions:
    """Return the actions available on the operation, judging by its own state."""
    return Actions(
        retry=may_retry(progress.outcome) and progress.kind is not Kind.BATCH,
        cancel=not progress.ended and not progress.cancel_requested,
        undo=progress.ended and (progress.wrote_policy or _did_deactivate(progress)),
    )


def _did_deactivate(progress: Progress) -> bool:
    """Return whether a deactivation may have changed something: the removals are operations of their own."""
    changing = (StepName.REMOVE_STATEMENTS, StepName.DEACTIVATE_ROLE)
    idle = (StepState.PENDING, StepState.SKIPPED)
    return progress.kind is Kind.DEACTIVATE and any(
        step.name in changing and step.attempts and step.state not in idle for step in progress.steps
    )


def activated_role(progress: Progress) -> bool:
    """Return whether an operation that gave access also activated the service's role."""
    return progress.kind in GIVES_ACCESS and any(
        step.name is StepName.ACTIVATE_ROLE and step.state is StepState.SUCCEEDED for step in progress.steps
    )


def role_left_on(services: Services, progress: Progress) -> bool:
    """Return whether an ended undo took back what had activated the role, which is still active as far as is known."""
    if not (progress.kind is Kind.UNDO and progress.ended and progress.follows):
        return False
    undone = find_progress(services.db, progress.follows)
    return undone is not None and activated_role(undone) and is_role_active(services, progress)


def is_role_active(services: Services, progress: Progress) -> bool:
    """Return whether the role of the operation's service is active, as far as is known."""
    return bool(with_active_role(services.db, services.connection, [(progress.region, progress.service)]))

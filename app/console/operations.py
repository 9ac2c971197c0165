"""The current state of operations, and the actions available on each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.bootstrap import Services
from app.errors import Problem
from app.operations.progress import Progress
from app.operations.read import find_progress, list_running
from app.operations.start import Ask, may_retry
from app.operations.state import Kind, Outcome


def running(services: Services, region: str = "", service: str = "") -> tuple[Progress, ...]:
    """Return the live operations of a service, or of all."""
    return list_running(services.db, services.connection, region, service)


@dataclass(frozen=True)
class Actions:
    """The actions available on an operation in its current state."""

    retry: bool
    cancel: bool
    undo: bool


def get_progress(services: Services, operation_id: str) -> Progress:
    """Return the operation's progress. Raises Problem `operation.not_found`."""
    progress = find_progress(services.db, operation_id)
    if progress is None:
        raise Problem("operation.not_found")
    return progress


def actions_on(progress: Progress) -> Actions:
    """Return the actions available on the operation, judging by its own state."""
    return Actions(
        retry=may_retry(progress.outcome) and progress.kind is not Kind.BATCH,
        cancel=not progress.ended and not progress.cancel_requested,
        undo=progress.ended and progress.wrote_policy and progress.kind is not Kind.DEACTIVATE,
    )


def is_undone(services: Services, followed_by: Iterable[str]) -> bool:
    """Return whether one of these operations has undone the one that they follow."""
    followers = (find_progress(services.db, operation_id) for operation_id in followed_by)
    return any(
        follower is not None and follower.kind is Kind.UNDO and follower.outcome is Outcome.SUCCEEDED
        for follower in followers
    )


def restore(services: Services, operation_id: str, person: str, previewed: str | None) -> str:
    """Start restoring a policy to its state before an operation; `previewed` is the preview's fingerprint.

    Returns:
        The id of the new operation.

    Raises:
        Problem: `operation.not_found`, `operation.nothing_to_undo`, `operation.preview_needed`.
    """
    progress = get_progress(services, operation_id)
    change = services.starter.change_to_undo(operation_id)
    request: dict[str, Any] = {"text": change.before}
    if previewed is not None:
        request["previewed"] = previewed
    target = (progress.region, progress.service, change.repository)
    return services.starter.start(Ask(Kind.RESTORE, *target, person, request, follows=operation_id))

"""The current state of operations, and restoring a policy to its state before one."""

from __future__ import annotations

from typing import Any

from app.bootstrap import Services
from app.errors import Problem
from app.operations.progress import Progress
from app.operations.read import find_progress, list_running
from app.operations.start import Ask
from app.operations.state import Kind


def running(services: Services, region: str = "", service: str = "") -> tuple[Progress, ...]:
    """Return the live operations of a service, or of all."""
    return list_running(services.db, services.connection, region, service)


def get_progress(services: Services, operation_id: str) -> Progress:
    """Return the operation's progress. Raises Problem `operation.not_found`."""
    progress = find_progress(services.db, operation_id)
    if progress is None:
        raise Problem("operation.not_found")
    return progress


def cancel(services: Services, operation_id: str, person: str) -> None:
    """Cancel an operation, or request it to stop. Raises Problem `operation.not_found`, `operation.ended`."""
    if not services.starter.cancel(operation_id, person):
        check_cancel(get_progress(services, operation_id))


def check_cancel(progress: Progress) -> None:
    """Check that there is something to cancel. Raises Problem `operation.ended`."""
    if progress.ended:
        raise Problem("operation.ended")


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

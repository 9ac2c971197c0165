"""Waits for the parts of an operation, and stops them: changes of policies that are operations of their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from app.history.living import count_living, living_parts
from app.history.queries import count_changed_by_parts, get_operation, repositories_with_outcome
from app.operations.context import current
from app.operations.state import NOT_DONE, Kind, Outcome
from app.operations.step import LOOK_ELSEWHERE, NEXT_LOOK, CancelledHere, Stepping


def preview_of_part(given: Mapping[str, Any], repository: str) -> dict[str, str]:
    """Return the input that binds a part to what was previewed of its repository.

    `given` is the operation's input: `previewed` if there was a preview, `shown` with the fingerprint of the change of
    each repository, None where nothing was known of its policy. A repository that was not shown must not change.
    """
    if given.get("previewed") is None:
        return {}
    seen = given["shown"].get(repository, "")
    return {} if seen is None else {"previewed": seen}


async def wait_for_parts(step: Stepping, ids: Collection[str]) -> None:
    """Wait until these operations have ended, or the operation is cancelled: `stop_parts` stops them then."""
    context = step.context
    seen = context.running.changes
    while await context.in_db(count_living, ids):
        await step.pause_for_change(seen)
        seen = context.running.changes
    operation = await context.in_db(get_operation, step.operation.id)
    if operation is not None and operation.cancel_requested_by:  # its parts may have learned of that first
        raise CancelledHere


async def stop_parts(operation_id: str, _outcome: Outcome, _problem: Mapping[str, Any] | None) -> None:
    """Cancel the parts that an operation leaves behind, and wait for their end: for `workflow.operation`'s `before_end`.

    Once the operation is told as ended, none of its parts changes anything any more: also where its process died after
    the cancel was requested, and its step is not run again.
    """
    context = current()
    seen = context.running.changes
    while await context.in_db(living_parts, operation_id):
        operation = await context.in_db(get_operation, operation_id)
        if operation is not None:
            by = operation.cancel_requested_by or operation.asked_by
            await context.blocking(context.cancel_parts, operation_id, by)
        await context.running.wait_for_change(seen, NEXT_LOOK, LOOK_ELSEWHERE)
        seen = context.running.changes


async def failed_parts(step: Stepping, ids: Collection[str]) -> list[str]:
    """Wait until these operations have ended; return the repositories of those that did not do what was requested."""
    await wait_for_parts(step, ids)
    return await step.context.in_db(repositories_with_outcome, ids, NOT_DONE)


async def changed_by_parts(step: Stepping, kind: Kind) -> int:
    """Return how many repositories the operation's parts of this kind have changed, also before a restart."""
    context = step.context
    return await context.in_db(count_changed_by_parts, step.operation.id, kind)

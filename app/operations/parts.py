"""Waits for the parts of an operation: changes of repository policies that are operations of their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from app.history.living import count_living, living_parts
from app.history.queries import count_changed_by_parts, get_operation, repositories_with_outcome
from app.operations.state import NOT_DONE, Kind
from app.operations.step import CancelledHere, Stepping

# Seconds between two checks.
LOOK_SECONDS = 0.5


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
    """Wait until these operations have ended.

    Who cancels the operation cancels its parts: once it is told as cancelled, none of them changes anything any more.
    """
    context = step.context
    try:
        while await context.in_db(count_living, context.db, ids):
            await step.pause(LOOK_SECONDS)
    except CancelledHere:
        await _stop_parts(step)
        raise
    if await _cancelled_by(step):  # its parts may have learned of that first
        raise CancelledHere


async def _stop_parts(step: Stepping) -> None:
    """Stop the parts at their next safe points, also those that were started after the cancel was requested."""
    context, operation_id = step.context, step.operation.id
    await context.in_db(context.cancel_parts, operation_id, await _cancelled_by(step))
    while await context.in_db(living_parts, context.db, operation_id):
        await context.clock.sleep(LOOK_SECONDS)


async def _cancelled_by(step: Stepping) -> str:
    """Return who has requested to cancel the operation by now; "" for no one."""
    operation = await step.context.in_db(get_operation, step.context.db, step.operation.id)
    return (operation.cancel_requested_by if operation else None) or ""


async def failed_parts(step: Stepping, ids: Collection[str]) -> list[str]:
    """Wait until these operations have ended; return the repositories of those that did not do what was requested."""
    await wait_for_parts(step, ids)
    return await step.context.in_db(repositories_with_outcome, step.context.db, ids, NOT_DONE)


async def changed_by_parts(step: Stepping, kind: Kind) -> int:
    """Return how many repositories the operation's parts of this kind have changed, also before a restart."""
    context = step.context
    return await context.in_db(count_changed_by_parts, context.db, step.operation.id, kind)

"""Waits for the parts of an operation: changes of repository policies that are operations of their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from app.history.living import count_living
from app.history.queries import count_changed_by_parts, repositories_with_outcome
from app.operations.state import NOT_DONE, Kind
from app.operations.step import Stepping

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


async def failed_parts(step: Stepping, ids: Collection[str]) -> list[str]:
    """Wait until these operations have ended; return the repositories of those that did not do what was requested."""
    context = step.context
    while await context.in_db(count_living, context.db, ids):
        await step.pause(LOOK_SECONDS)
    return await context.in_db(repositories_with_outcome, context.db, ids, NOT_DONE)


async def changed_by_parts(step: Stepping, kind: Kind) -> int:
    """Return how many repositories the operation's parts of this kind have changed, also before a restart."""
    context = step.context
    return await context.in_db(count_changed_by_parts, context.db, step.operation.id, kind)

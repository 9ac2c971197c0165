"""Waits for the parts of an operation: changes of repository policies that are operations of their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from app.history.living import count_living
from app.history.queries import repositories_with_outcome
from app.operations.state import NOT_DONE
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

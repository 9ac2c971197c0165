"""Looks once more for writes that AWS may have carried out late: their answers were lost, and no reading showed them.

The operation lives until then and holds its repository, so that nothing of ours is built on a policy that such a write
would still change.
"""

from __future__ import annotations

import logging

from app.errors import Problem
from app.history import policy_writes
from app.history.models import PolicyChange
from app.inventory import policies, queries
from app.operations import engine
from app.operations.context import Context, current
from app.policy.canonical import equivalent

log = logging.getLogger(__name__)

# Seconds between tries while AWS does not answer; after the last one the write stays recorded as unanswered.
PAUSES = (5.0, 15.0, 30.0)


@engine.step("look_for_late_writes", waits=True)
async def look_for_late_writes(operation_id: str, until: float) -> bool:
    """Wait until `until`, a UTC time in seconds, and read the policies of unanswered writes. True: one came late."""
    context = current()
    left = min(until - context.clock.now().timestamp(), context.late_write_seconds)
    await context.clock.sleep(max(0.0, left))
    found = [await _look(context, change) for change in await context.in_db(_unanswered, context, operation_id)]
    return any(found)


def _unanswered(context: Context, operation_id: str) -> tuple[PolicyChange, ...]:
    """Return each repository's last unanswered write."""
    newest: dict[str, PolicyChange] = {}
    for change in policy_writes.unanswered(context.db, operation_id):
        newest.setdefault(change.repository, change)
    return tuple(newest.values())


async def _look(context: Context, change: PolicyChange) -> bool:
    at = context.clock.now()
    repository = (change.connection, change.region, change.repository)
    known = await context.in_db(queries.find_repository, context.db, *repository)
    try:
        text = await _read(context, change)
    except Problem as problem:
        log.warning("the policy of %s could not be read to look for a late write: %s", change.repository, problem)
        return False
    await context.in_db(policies.remember_policy, context.db, *repository, text, at=at)
    before = known.policy_text if known is not None else change.before
    if not equivalent(text, change.after) or equivalent(before, text):
        return False
    return await context.in_db(
        policy_writes.write_seen_late, context.db, change.operation_id, change.position, before, context.clock.now()
    )


async def _read(context: Context, change: PolicyChange) -> str | None:
    repositories = context.aws.repositories(change.region)
    for pause in (*PAUSES, None):
        try:
            return (await context.calls.run(change.region, repositories.get_policy, change.repository)).value
        except Problem as problem:
            if pause is None or not problem.retryable:
                raise
            await context.clock.sleep(pause)
    raise AssertionError("the last try returns or raises")

"""Checks for writes that AWS may have carried out late: their answers were lost, and no read showed them.

The operation stays live until then and holds its repository, so that no change of ours is based on a policy that such a
write would still change.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from app.db import Database
from app.errors import Problem
from app.history import policy_writes
from app.history.models import PolicyChange
from app.inventory import policies, queries
from app.operations import engine
from app.operations.context import Context, current
from app.operations.policy_steps import CATCHES_UP
from app.policy.canonical import equivalent
from app.policy.stale_reads import seems_older

log = logging.getLogger(__name__)

# Seconds between tries while AWS does not answer; after the last one the write stays recorded as unanswered.
PAUSES = (5.0, 15.0, 30.0)


@engine.step("look_for_late_writes", waits=True)
async def look_for_late_writes(operation_id: str, until: float) -> bool:
    """Wait until `until`, a UTC time in seconds, and read the policies of unanswered writes. True: one came late."""
    context = current()
    whole = context.late_write_seconds
    await context.clock.sleep(context.deadlines.left(until, limit=whole, least=whole))
    seen_late = [await _look(context, changes) for changes in await context.in_db(_unanswered, operation_id)]
    return any(seen_late)


def _unanswered(db: Database, operation_id: str) -> list[list[PolicyChange]]:
    """Return each repository's unanswered writes, the newest first."""
    by_repository: dict[str, list[PolicyChange]] = {}
    for change in policy_writes.unanswered(db, operation_id):
        by_repository.setdefault(change.repository, []).append(change)
    return list(by_repository.values())


async def _look(context: Context, changes: Sequence[PolicyChange]) -> bool:
    """Return whether a repository's policy has become what one of these writes makes of it, and has stayed so.

    An answer of ECR may be older than the one before it, and then looks the same.
    """
    newest = changes[0]
    sent = [await context.in_db(policy_writes.whole_write, change) for change in changes]
    before = await context.in_db(_last_known, newest, [whole.after for whole in sent])
    written: int | None = None
    for pause in (0.0, *CATCHES_UP):
        await context.clock.sleep(pause)
        at = context.clock.now()
        try:
            text = await _read(context, newest)
        except Problem as problem:
            log.warning("the policy of %s could not be read to look for a late write: %s", newest.repository, problem)
            return False
        written = next((number for number, whole in enumerate(sent) if equivalent(text, whole.after)), None)
        if written is None or equivalent(before, text):
            written = None
            break
    await context.in_db(policies.remember_policy, newest.repository_key, text, at=at)
    if written is None:
        return False
    change, replaced = changes[written], None if sent[written].is_shared else before
    return await context.in_db(
        policy_writes.write_seen_late, change.operation_id, change.position, replaced, context.clock.now()
    )


def _last_known(db: Database, change: PolicyChange, sent: Sequence[str | None]) -> str | None:
    """Return the last text that is known not to be one of `sent`: as it was read, or as the operation wrote it after.

    Where the operation has written nothing else since, a reading that shows one of `sent` shows that write.
    """
    repository = queries.find_repository(db, change.repository_key)
    written = policy_writes.last_taken(db, change.operation_id, change.repository)
    read_at = repository.policy_read_at if repository is not None else None
    if written is not None and written.written_at:
        if repository is None or read_at is None or read_at <= written.written_at:
            return written.after
        # ECR may have answered from before that write: one of the same text would then look as if it came late.
        is_older = seems_older(repository.policy_text, [(written.before, written.after, True)])
        return written.after if is_older else repository.policy_text
    shows_it = repository is not None and any(equivalent(repository.policy_text, text) for text in sent)
    return repository.policy_text if repository is not None and read_at and not shows_it else change.before


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

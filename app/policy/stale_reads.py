"""Detects a policy read that may be older than a write of ours.

AWS does not promise that an ECR read shows the write before it. A merge into an older text would undo whatever was
written since.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from app.errors import Problem
from app.policy.canonical import equivalent, statement_key
from app.policy.document import parse_or_new

Write = tuple[str | None, str | None, bool]
"""A repository's policy text before and after a write of ours, None for no policy; and whether AWS confirmed the write.

If AWS's answer was lost, only a read can show it.
"""


def seems_older(text: str | None, writes: Sequence[Write]) -> bool:
    """Return whether a read may be from before our last write.

    It may if the text is one that a write of ours replaced, or one without the last write's change. Another writer can
    have caused either, so a read that stays the same is accepted.

    Args:
        text: what was read; None for no policy.
        writes: our last writes of this repository's policy, the newest first.
    """
    since_taken = takewhile(lambda write: not write[2], writes)
    if any(equivalent(text, after) for _, after, _ in since_taken):
        return False  # the write was confirmed, so show this before anybody overwrites it
    taken_writes = [(before, after) for before, after, taken in writes if taken]
    if not taken_writes or equivalent(text, taken_writes[0][1]):
        return False
    return any(equivalent(text, each) for texts in taken_writes for each in texts) or not _stands(
        text, *taken_writes[0]
    )


def _stands(text: str | None, before: str | None, after: str | None) -> bool:
    """Return whether everything a write added is present, and everything it removed is absent."""
    try:
        now, was, made = (_statements(each) for each in (text, before, after))
    except Problem:
        return True  # nothing to compare; whoever uses the text reports what is wrong with it
    return made - was <= now and not (was - made) & now


def _statements(text: str | None) -> frozenset[str]:
    return frozenset(statement_key(each) for each in parse_or_new(text).statements)

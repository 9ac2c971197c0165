"""Tells a reading of a policy that may be older than a write of ours. Pure.

AWS promises nowhere that a read of ECR shows the write before it. What is merged into an older text takes back
whatever was written since.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from app.errors import Problem
from app.policy.canonical import equivalent, statement_key
from app.policy.document import parse_or_new

Write = tuple[str | None, str | None, bool]
"""A repository's policy text before and after a write of ours, None for no policy; and whether AWS said that it took it.

Where its answer was lost, only a reading can tell.
"""


def seems_older(text: str | None, writes: Sequence[Write]) -> bool:
    """Whether a reading may be of before our last write.

    It tells a text that one of our writes replaced, or one in which the last write does not stand. Somebody else can
    have put that there, so a reading that stays so is the truth.

    Args:
        text: what was read; None for no policy.
        writes: our last writes of this repository's policy, the newest first.
    """
    since_taken = takewhile(lambda write: not write[2], writes)
    if any(equivalent(text, after) for _, after, _ in since_taken):
        return False  # it was taken, and must be told before somebody writes over it
    known = [(before, after) for before, after, taken in writes if taken]
    if not known or equivalent(text, known[0][1]):
        return False
    return any(equivalent(text, each) for texts in known for each in texts) or not _stands(text, *known[0])


def _stands(text: str | None, before: str | None, after: str | None) -> bool:
    """What a write added is there, and what it took out is not."""
    try:
        now, was, made = (_statements(each) for each in (text, before, after))
    except Problem:
        return True  # nothing to compare; whoever needs the text says what is wrong with it
    return made - was <= now and not (was - made) & now


def _statements(text: str | None) -> frozenset[str]:
    return frozenset(statement_key(each) for each in parse_or_new(text).statements)

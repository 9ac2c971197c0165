"""Pairs replaced statements with those that replaced them, in time linear in their text."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from typing import TypeAlias

from app.policy.canonical import differing, element_keys
from app.policy.statement import Statement

Key: TypeAlias = "tuple[_Shared, str, int]"


def paired(
    before: Sequence[Statement], left: range, after: Sequence[Statement], right: range
) -> list[tuple[int | None, int | None]]:
    """Return each statement of `left` with the first free one in `right` that has its Sid or differs in one element.

    None for a statement that has no such counterpart.
    """
    waiting: dict[Key, deque[int]] = {}
    for j in right:
        for key in _kept_under(after[j]):
            waiting.setdefault(key, deque()).append(j)
    free = set(right)
    pairs: list[tuple[int | None, int | None]] = []
    for i in left:
        twin = min(_candidates(before[i], after, waiting, free), default=None)
        pairs.append((i, twin))
        free.discard(-1 if twin is None else twin)
    return pairs + [(None, j) for j in right if j in free]


def _candidates(
    statement: Statement, after: Sequence[Statement], waiting: dict[Key, deque[int]], free: set[int]
) -> Iterator[int]:
    """Yield the first free candidate under each key; drops from `waiting` what is no longer free."""
    for key in _looked_for_under(statement):
        queue = waiting.get(key, deque())
        while queue and queue[0] not in free:
            queue.popleft()
        if queue and (key[0] is _Shared.SID or len(differing(statement, after[queue[0]])) <= 1):
            yield queue[0]


class _Shared(Enum):
    SID = auto()
    ALL = auto()
    ALL_BUT_ITS_OWN = auto()
    ALL_BUT_ONE = auto()


def _kept_under(statement: Statement) -> Iterator[Key]:
    """Yield the keys to find a counterpart by: the same Sid, or the same elements except at most one."""
    whole, parts = _hashes(statement)
    yield _Shared.SID, str(statement.get("Sid") or ""), 0
    yield _Shared.ALL, "", whole
    for name, part in parts:
        yield _Shared.ALL_BUT_ONE, name, whole - part
        yield _Shared.ALL_BUT_ITS_OWN, "", whole - part


def _looked_for_under(statement: Statement) -> Iterator[Key]:
    whole, parts = _hashes(statement)
    if statement.get("Sid"):
        yield _Shared.SID, str(statement["Sid"]), 0
    yield _Shared.ALL, "", whole
    yield _Shared.ALL_BUT_ITS_OWN, "", whole
    for name, part in parts:
        yield _Shared.ALL_BUT_ONE, name, whole - part
        yield _Shared.ALL, "", whole - part


def _hashes(statement: Statement) -> tuple[int, list[tuple[str, int]]]:
    """Return a sum over the statement's elements, and each one's share of it, so that leaving one out costs no time."""
    parts = [(name, hash((name, key))) for name, key in element_keys(statement).items()]
    return sum(part for _, part in parts), parts

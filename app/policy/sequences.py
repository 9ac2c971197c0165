"""Finds what two sequences have in common, in time linear in their length whatever stands in them.

difflib's matcher is quadratic and worse on many equal items; the texts compared here are written by others.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

EXACT = 1024
"""Up to this length the longest common subsequence is found; longer ones are cut at what stands once on either side."""


class MatchingRun(NamedTuple):
    """Items i1 to i2 of one side stand for items j1 to j2 of the other: the same where `same`, else replaced."""

    same: bool
    i1: int
    i2: int
    j1: int
    j2: int


def runs(before: Sequence[Hashable], after: Sequence[Hashable]) -> Iterator[MatchingRun]:
    """Both sequences in runs that follow each other, same and replaced in turn."""
    i = j = 0
    pairs = [*common(before, after), (len(before), len(after))]
    at = 0
    while at < len(pairs):
        i2, j2 = pairs[at]
        if i2 > i or j2 > j:
            yield MatchingRun(same=False, i1=i, i2=i2, j1=j, j2=j2)
        end = at
        while end < len(pairs) - 1 and pairs[end] == (i2 + end - at, j2 + end - at):
            end += 1
        if end > at:
            yield MatchingRun(same=True, i1=i2, i2=i2 + end - at, j1=j2, j2=j2 + end - at)
        i, j = i2 + end - at, j2 + end - at
        at = max(end, at + 1)


def common(before: Sequence[Hashable], after: Sequence[Hashable], *, exact: int = EXACT) -> list[tuple[int, int]]:
    """The places (i, j), rising on both sides, at which the same item stands; up to `exact` items, as many as can be."""
    numbers: dict[Hashable, int] = {}
    a, b = ([numbers.setdefault(item, len(numbers)) for item in side] for side in (before, after))
    shortest = min(len(a), len(b))
    head = next((at for at in range(shortest) if a[at] != b[at]), shortest)
    tail = next((at for at in range(shortest - head) if a[-1 - at] != b[-1 - at]), shortest - head)
    inner_a, inner_b = a[head : len(a) - tail], b[head : len(b) - tail]
    middle = [(head + i, head + j) for i, j in _between(inner_a, inner_b, exact)]
    ends = ((len(a) - at, len(b) - at) for at in range(tail, 0, -1))
    return [*((at, at) for at in range(head)), *middle, *ends]


def _between(a: Sequence[int], b: Sequence[int], exact: int) -> Iterator[tuple[int, int]]:
    if max(len(a), len(b)) <= exact:
        yield from _longest(a, b)
        return
    i = j = 0
    for i2, j2 in [*_anchors(a, b), (len(a), len(b))]:
        yield from ((i + x, j + y) for x, y in _in_pieces(a[i:i2], b[j:j2], exact))
        if i2 < len(a):
            yield i2, j2
        i, j = i2 + 1, j2 + 1


def _in_pieces(a: Sequence[int], b: Sequence[int], exact: int) -> Iterator[tuple[int, int]]:
    """The longest common subsequence of pieces that lie at the same place on either side."""
    count = -(-max(len(a), len(b)) // exact)
    cuts = [(len(a) * at // count, len(b) * at // count) for at in range(count + 1)] if count else []
    for (i, j), (i2, j2) in pairwise(cuts):
        yield from ((i + x, j + y) for x, y in _longest(a[i:i2], b[j:j2]))


def _anchors(a: Sequence[int], b: Sequence[int]) -> list[tuple[int, int]]:
    """The items that stand once on either side, as many of them as keep their order."""
    once_a, once_b = ({item for item, times in Counter(side).items() if times == 1} for side in (a, b))
    places = {item: j for j, item in enumerate(b) if item in once_b}
    pairs = [(i, places[item]) for i, item in enumerate(a) if item in once_a and item in places]
    tops: list[int] = []  # of the piles of patience sorting: the pair on each, by its place in `pairs`
    heights: list[int] = []
    below: list[int] = []
    for at, (_, j) in enumerate(pairs):
        pile = bisect_left(heights, j)
        below.append(tops[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [at]
        heights[pile : pile + 1] = [j]
    chosen = []
    at = tops[-1] if tops else -1
    while at >= 0:
        chosen.append(pairs[at])
        at = below[at]
    return chosen[::-1]


def _longest(a: Sequence[int], b: Sequence[int]) -> list[tuple[int, int]]:
    """A longest common subsequence, a row of its table in one integer (Crochemore and others, 2001).

    Both are taken from their ends, so that of several the one with the earliest items is found. Bit j of row i is 0
    where the first i + 1 and j + 1 of them have a longer one in common than the first i + 1 and j.
    """
    if not a or not b:
        return []
    places: dict[int, int] = {}
    for j, item in enumerate(reversed(b)):
        places[item] = places.get(item, 0) | 1 << j
    full = (1 << len(b)) - 1
    row, rows = full, []
    for item in reversed(a):
        shared = row & places.get(item, 0)
        row = (row + shared | row - shared) & full
        rows.append(row)
    pairs = []
    i, j = len(a) - 1, len(b) - 1
    while i >= 0 and j >= 0:
        if a[-1 - i] == b[-1 - j]:
            pairs.append((len(a) - 1 - i, len(b) - 1 - j))
            i, j = i - 1, j - 1
        elif rows[i] >> j & 1:
            j -= 1
        else:
            i -= 1
    return pairs

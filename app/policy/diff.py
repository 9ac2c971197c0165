"""A readable line diff of two policy texts, as data without markup or sentences.

Both sides are formatted alike, and the later one is written in the order of the earlier one where both say the same,
so that a new order of principals in ECR's answer shows no change. Commas between items are no change either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import NamedTuple

from app.errors import Problem
from app.policy import strict_json
from app.policy.aligning import aligned
from app.policy.change import matched
from app.policy.document import PolicyDocument, parse
from app.policy.sequences import MatchingRun, runs

CONTEXT = 3
_MOST_TOKENS = 500
# A JSON string is one token, so that an ARN that changed is marked from end to end. The closing quote is optional, so
# that no text makes the search go back.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|\w+|\s+|[^\w\s"]')


class LineKind(StrEnum):
    """What happened to a line."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


class Span(NamedTuple):
    """A piece of a line, and whether it differs from the other side's line."""

    text: str
    changed: bool = False


class Line(NamedTuple):
    """One line, with its number (from 1) on each side that has it."""

    kind: LineKind
    before_number: int | None
    after_number: int | None
    spans: tuple[Span, ...]

    @property
    def text(self) -> str:
        """The whole line."""
        return "".join(span.text for span in self.spans)


@dataclass(frozen=True)
class Block:
    """Consecutive lines: shown, or `hidden` because nothing changed near them."""

    hidden: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Diff:
    """Both sides in full, in blocks that are shown and hidden in turn, and how many lines were added and removed."""

    blocks: tuple[Block, ...]
    added: int
    removed: int

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every line, including hidden ones."""
        return tuple(line for block in self.blocks for line in block.lines)


def diff_texts(before: str | None, after: str | None, *, context: int = CONTEXT) -> Diff:
    """Return the diff of two policy texts (None: no policy) with `context` unchanged lines around each change.

    A text that is not a policy is compared unchanged. Never raises.
    """
    runs, old, new = _compared(before, after)
    lines = [line for run in runs for line in _lines(run, old, new)]
    added, removed = (sum(line.kind is kind for line in lines) for kind in (LineKind.ADDED, LineKind.REMOVED))
    return Diff(tuple(_blocks(lines, context)), added, removed)


def _compared(before: str | None, after: str | None) -> tuple[list[MatchingRun], list[str], list[str]]:
    try:
        if before is not None and after is not None:
            return _policies_compared(parse(before), parse(after))
    except Problem:  # one of them is not a policy
        pass
    old, new = _pretty(before), _pretty(after)
    return list(_runs(old, new)), old, new


def _policies_compared(old: PolicyDocument, new: PolicyDocument) -> tuple[list[MatchingRun], list[str], list[str]]:
    """Compare statement by statement, so that an added one shows from its `{` to its `}`, not as `}, {`."""
    new = aligned(old, new)
    if isinstance(old.members["Statement"], list) or isinstance(new.members["Statement"], list):
        old, new = _listed(old), _listed(new)
    left, right = _parts(old), _parts(new)
    compared: list[MatchingRun] = []
    for i, j in _in_order(old, new):
        compared += _runs(left[i] if i is not None else [], right[j] if j is not None else [], *_end(compared))
    return compared, [line for part in left for line in part], [line for part in right for line in part]


def _listed(document: PolicyDocument) -> PolicyDocument:
    return PolicyDocument({**document.members, "Statement": list(document.statements)})


def _parts(document: PolicyDocument) -> list[list[str]]:
    """Return the document's lines in parts: up to the first statement, each statement, and after the last one."""
    lines = strict_json.dump(document.members).split("\n")
    if not document.statements or isinstance(document.members["Statement"], dict):
        return [lines, *([] for _ in document.statements), []]
    at = lines.index('  "Statement": [') + 1
    parts = [lines[:at]]
    for statement in document.statements:
        length = strict_json.dump(statement).count("\n") + 1
        parts.append(lines[at : at + length])
        at += length
    return [*parts, lines[at:]]


def _in_order(old: PolicyDocument, new: PolicyDocument) -> Iterable[tuple[int | None, int | None]]:
    """Yield which part of one document corresponds to which of the other; the pairs never cross."""
    i = j = 0
    yield 0, 0
    for i2, j2 in [*matched(old.statements, new.statements), (len(old.statements), len(new.statements))]:
        if i2 is None or j2 is None or i2 < i or j2 < j:
            continue
        yield from ((each + 1, None) for each in range(i, i2))
        yield from ((None, each + 1) for each in range(j, j2))
        yield i2 + 1, j2 + 1
        i, j = i2 + 1, j2 + 1


def _runs(old: Sequence[str], new: Sequence[str], i: int = 0, j: int = 0) -> Iterable[MatchingRun]:
    keys = [[line.rstrip(",") for line in side] for side in (old, new)]
    return (MatchingRun(run.same, run.i1 + i, run.i2 + i, run.j1 + j, run.j2 + j) for run in runs(*keys))


def _end(compared: Sequence[MatchingRun]) -> tuple[int, int]:
    return (compared[-1].i2, compared[-1].j2) if compared else (0, 0)


def _pretty(text: str | None) -> list[str]:
    if text is None:
        return []
    try:
        return strict_json.dump(strict_json.load(text)).split("\n")
    except Problem:
        return text.splitlines()


def _lines(run: MatchingRun, old: Sequence[str], new: Sequence[str]) -> Iterable[Line]:
    left, right = range(run.i1, run.i2), range(run.j1, run.j2)
    if run.same:
        for i, j in zip(left, right, strict=True):
            yield Line(LineKind.SAME, i + 1, j + 1, (Span(new[j]),))
        return
    pairs = [_inline(old[i], new[j]) for i, j in zip(left, right, strict=False)]
    for i, pair in zip_longest(left, pairs[: len(left)]):
        yield Line(LineKind.REMOVED, i + 1, None, pair[0] if pair else (Span(old[i]),))
    for j, pair in zip_longest(right, pairs[: len(right)]):
        yield Line(LineKind.ADDED, None, j + 1, pair[1] if pair else (Span(new[j]),))


def _inline(old: str, new: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Return two lines as spans, by whole tokens that differ; as one span each without a word in common."""
    left, right = _TOKEN.findall(old), _TOKEN.findall(new)
    if max(len(left), len(right)) > _MOST_TOKENS:
        return (Span(old),), (Span(new),)
    compared = tuple(runs(left, right))
    if not any(_is_word(token) for run in compared if run.same for token in left[run.i1 : run.i2]):
        return (Span(old),), (Span(new),)
    return (
        tuple(Span("".join(left[run.i1 : run.i2]), not run.same) for run in compared if run.i2 > run.i1),
        tuple(Span("".join(right[run.j1 : run.j2]), not run.same) for run in compared if run.j2 > run.j1),
    )


def _is_word(token: str) -> bool:
    return token[0] == '"' or token[0].isalnum()


def _blocks(lines: Sequence[Line], context: int) -> Iterable[Block]:
    changes = [at for at, line in enumerate(lines) if line.kind is not LineKind.SAME]
    near = [False] * len(lines)
    shown = 0
    for change in changes:
        end = min(len(lines), change + context + 1)
        for at in range(max(shown, change - context), end):
            near[at] = True
        shown = max(shown, end)
    start = 0
    for at in range(1, len(lines) + 1):
        if at == len(lines) or near[at] != near[start]:
            yield Block(not near[start], tuple(lines[start:at]))
            start = at

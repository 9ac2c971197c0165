"""A readable line diff of two policy texts, as data. Must never produce markup or say anything in words.

Both sides are laid out alike, and the later one is written in the order of the earlier one where it says the same, so
that ECR's reshuffled principals show no change. A comma that only separates two items is no change either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import zip_longest

from app.errors import Problem
from app.policy import strict_json
from app.policy.aligning import aligned
from app.policy.canonical import equivalent
from app.policy.document import parse

CONTEXT = 3
_ALIKE = 0.5


class LineKind(StrEnum):
    """What happened to a line."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True)
class Span:
    """A piece of a line, and whether it differs from the line's counterpart on the other side."""

    text: str
    changed: bool = False


@dataclass(frozen=True)
class Line:
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
    """Lines that follow each other: shown, or `hidden` behind a gap because nothing changed near them."""

    hidden: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Diff:
    """The whole of both sides in blocks, shown and hidden in turn, and how many lines came and went."""

    blocks: tuple[Block, ...]
    added: int
    removed: int

    @property
    def hunks(self) -> tuple[Block, ...]:
        """The blocks to show."""
        return tuple(block for block in self.blocks if not block.hidden)

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every line, hidden ones too."""
        return tuple(line for block in self.blocks for line in block.lines)

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not (self.added or self.removed)


@dataclass(frozen=True)
class _Run:
    """Lines i1 to i2 of one side stand for lines j1 to j2 of the other, as difflib counts them."""

    kind: str
    i1: int
    i2: int
    j1: int
    j2: int


def diff_texts(before: str | None, after: str | None, *, context: int = CONTEXT) -> Diff:
    """The lines that differ between two policy texts (None: no policy), `context` unchanged ones around each change.

    A text that is no policy is compared as it stands. Never raises.
    """
    old, new = _laid_out(before, after)
    keys = [[line.rstrip(",") for line in side] for side in (old, new)]
    matcher = SequenceMatcher(None, keys[0], keys[1], autojunk=False)
    runs = _slid([_Run(*found) for found in matcher.get_opcodes()], keys[0], keys[1])
    lines = [line for run in runs for line in _lines(run, old, new)]
    added, removed = (sum(line.kind is kind for line in lines) for kind in (LineKind.ADDED, LineKind.REMOVED))
    return Diff(tuple(_blocks(lines, context)), added, removed)


def _laid_out(before: str | None, after: str | None) -> tuple[list[str], list[str]]:
    if before is None or after is None:
        return _pretty(before), _pretty(after)
    if equivalent(before, after):
        return _pretty(before), _pretty(before)
    try:
        old = parse(before)
        new = aligned(old, parse(after))
    except Problem:
        return _pretty(before), _pretty(after)
    return strict_json.dump(old.members).splitlines(), strict_json.dump(new.members).splitlines()


def _pretty(text: str | None) -> list[str]:
    if text is None:
        return []
    try:
        return strict_json.dump(strict_json.load(text)).splitlines()
    except Problem:
        return text.splitlines()


def _lines(run: _Run, old: Sequence[str], new: Sequence[str]) -> Iterable[Line]:
    left, right = range(run.i1, run.i2), range(run.j1, run.j2)
    if run.kind == "equal":
        for i, j in zip(left, right, strict=True):
            yield Line(LineKind.SAME, i + 1, j + 1, (Span(new[j]),))
        return
    pairs = [_inline(old[i], new[j]) for i, j in zip(left, right, strict=False)]
    for i, pair in zip_longest(left, pairs[: len(left)]):
        yield Line(LineKind.REMOVED, i + 1, None, pair[0] if pair else (Span(old[i]),))
    for j, pair in zip_longest(right, pairs[: len(right)]):
        yield Line(LineKind.ADDED, None, j + 1, pair[1] if pair else (Span(new[j]),))


def _inline(old: str, new: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return (Span(old),), (Span(new),)
    left, right = [], []
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        left.append(Span(old[i1:i2], kind != "equal"))
        right.append(Span(new[j1:j2], kind != "equal"))
    return tuple(span for span in left if span.text), tuple(span for span in right if span.text)


def _slid(runs: list[_Run], old: Sequence[str], new: Sequence[str]) -> list[_Run]:
    """The runs with each pure insertion or removal moved so that it begins at a bracket and ends at its match.

    difflib is as happy with `}, {` as with `{ }`; people are not.
    """
    runs = list(runs)
    for at in range(1, len(runs) - 1):
        run, lines = runs[at], old if runs[at].kind == "delete" else new
        if run.kind not in ("insert", "delete") or (runs[at - 1].kind, runs[at + 1].kind) != ("equal", "equal"):
            continue
        start, end = (run.i1, run.i2) if run.kind == "delete" else (run.j1, run.j2)
        by = _shift(lines, start, end, runs[at - 1].i2 - runs[at - 1].i1, runs[at + 1].i2 - runs[at + 1].i1)
        before, after = runs[at - 1], runs[at + 1]
        runs[at - 1] = _Run("equal", before.i1, before.i2 + by, before.j1, before.j2 + by)
        runs[at] = _Run(run.kind, run.i1 + by, run.i2 + by, run.j1 + by, run.j2 + by)
        runs[at + 1] = _Run("equal", after.i1 + by, after.i2, after.j1 + by, after.j2)
    return runs


def _shift(lines: Sequence[str], start: int, end: int, up: int, down: int) -> int:
    """By how many lines to move the block so that it is whole: upwards first; 0 where no move makes it so."""
    if _is_whole(lines, start, end):
        return 0
    for by in range(1, up + 1):
        if lines[start - by] != lines[end - by]:
            break
        if _is_whole(lines, start - by, end - by):
            return -by
    for by in range(1, down + 1):
        if lines[start + by - 1] != lines[end + by - 1]:
            break
        if _is_whole(lines, start + by, end + by):
            return by
    return 0


def _is_whole(lines: Sequence[str], start: int, end: int) -> bool:
    first, last = lines[start], lines[end - 1]
    same_depth = len(first) - len(first.lstrip()) == len(last) - len(last.lstrip())
    return first.rstrip().endswith(("{", "[")) and last.strip() in ("}", "]") and same_depth


def _blocks(lines: Sequence[Line], context: int) -> Iterable[Block]:
    near = [False] * len(lines)
    for at, line in enumerate(lines):
        if line.kind is not LineKind.SAME:
            reach = range(max(0, at - context), min(len(lines), at + context + 1))
            near[reach.start : reach.stop] = [True] * len(reach)
    start = 0
    for at in range(1, len(lines) + 1):
        if at == len(lines) or near[at] != near[start]:
            yield Block(not near[start], tuple(lines[start:at]))
            start = at

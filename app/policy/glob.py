"""Matches IAM's wildcards, `*` for any characters and `?` for one, in time linear in pattern and text.

No backtracking: anyone who can write a repository's policy chooses the patterns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeAlias

_RUN = re.compile(r"[*?]+")


class Gap(NamedTuple):
    """A run of wildcards: at least `least` characters, and any number more if `open`."""

    least: int
    open: bool


Piece: TypeAlias = str | Gap


@dataclass(frozen=True, slots=True)
class Glob:
    """A compiled pattern. Literal texts and gaps alternate in `pieces`; `least` is the length of the shortest match."""

    pieces: tuple[Piece, ...]
    least: int
    open: bool

    @classmethod
    def of(cls, pieces: Iterable[Piece]) -> Glob:
        """Return the pattern made of these pieces in sequence."""
        joined = tuple(_joined(pieces))
        least = sum(piece.least if isinstance(piece, Gap) else len(piece) for piece in joined)
        return cls(joined, least, any(isinstance(piece, Gap) and piece.open for piece in joined))

    @property
    def is_literal(self) -> bool:
        """Whether exactly one text matches."""
        return not any(isinstance(piece, Gap) for piece in self.pieces)

    @property
    def head(self) -> str:
        """The prefix of every matching text."""
        first = self.pieces[0] if self.pieces else ""
        return first if isinstance(first, str) else ""

    def matches(self, text: str) -> bool:
        """Return whether the pattern matches the whole of `text`; case-sensitive."""
        if len(text) < self.least or (not self.open and len(text) != self.least):
            return False
        first, last = 0, len(self.pieces)
        start, end = 0, len(text)
        if self.pieces and isinstance(self.pieces[0], str):
            if not text.startswith(self.pieces[0]):
                return False
            first, start = 1, len(self.pieces[0])
        if last > first and isinstance(self.pieces[-1], str):
            if not text.endswith(self.pieces[-1]):
                return False
            last, end = last - 1, end - len(self.pieces[-1])
        if last - first < 2:  # nothing left, or one gap of the right length
            return True
        return _fits(self.pieces[first:last], text[start:end])


@lru_cache(maxsize=1024)
def glob(pattern: str) -> Glob:
    """Return the compiled pattern of a text with `*` and `?`."""
    return Glob.of(pieces_of(pattern))


def pieces_of(pattern: str) -> Iterator[Piece]:
    """Yield the literal texts and the gaps of a pattern, in order."""
    at = 0
    for run in _RUN.finditer(pattern):
        yield pattern[at : run.start()]
        yield Gap(run[0].count("?"), "*" in run[0])
        at = run.end()
    yield pattern[at:]


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield the same pieces with adjacent ones of a kind merged."""
    literal: list[str] = []
    gap: Gap | None = None
    for piece in pieces:
        if isinstance(piece, Gap):
            if literal:
                yield "".join(literal)
                literal = []
            gap = Gap(gap.least + piece.least, gap.open or piece.open) if gap else piece
        elif piece:
            if gap:
                yield gap
                gap = None
            literal.append(piece)
    if literal:
        yield "".join(literal)
    elif gap:
        yield gap


def _fits(pieces: Sequence[Piece], text: str) -> bool:
    """Return whether `pieces`, with a gap at either end, match the text."""
    if not all(piece.open for piece in pieces if isinstance(piece, Gap)):
        return _walk(pieces, text)
    at = 0
    for piece in pieces:  # the leftmost position of each literal leaves the most for those after it
        if isinstance(piece, Gap):
            at += piece.least
            continue
        at = text.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return at <= len(text)


def _walk(pieces: Sequence[Piece], text: str) -> bool:
    """Return the same as `_fits`, trying all matches at once: bit n is set while the first n tokens match the text."""
    takes: dict[str, int] = {}
    takes_any = stays = length = 0
    for piece in pieces:
        if isinstance(piece, Gap):
            stays |= piece.open << length
            takes_any |= ((1 << piece.least) - 1) << length
            length += piece.least
            continue
        for at, character in enumerate(piece, start=length):
            takes[character] = takes.get(character, 0) | 1 << at
        length += len(piece)
    state = 1
    for character in text:
        state = (state & (takes.get(character, 0) | takes_any)) << 1 | state & stays
        if not state:
            return False
    return bool(state >> length & 1)

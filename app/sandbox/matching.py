"""IAM's patterns: `*` matches any characters, `?` one, and `${key}` is a value of the request.

A pattern is a sequence of characters in which the two wildcards are objects of their own, so that a `*` from a
variable's value is a plain star. Matching takes time linear in the pattern, and the texts are the sandbox's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final


class Wildcard:
    """One of the two wildcards."""

    def __init__(self, sign: str) -> None:
        self.sign = sign

    def __repr__(self) -> str:
        return self.sign


ANY: Final = Wildcard("*")
SINGLE: Final = Wildcard("?")
Pattern = Sequence[str | Wildcard]
Lookup = Callable[[str], str | None]
# `${key}` or `${key, 'default'}`; possessive, so that no text causes backtracking.
VARIABLE = re.compile(r"\$\{([^{},']*+)(?:,\s*+'([^']*+)'\s*+)?\}")
LITERALS = ("*", "?", "$")


class UnresolvedVariable(Exception):  # noqa: N818  (not an error: the value that names it matches nothing)
    """A policy variable for which the request has no value, and the policy no default."""


def pattern_of(text: str, lookup: Lookup | None = None) -> Pattern:
    """Return the pattern of a policy's text.

    Args:
        text: as written in the policy.
        lookup: the request's value of a key, None if it has none or several; without it, `${…}` is literal text
            (as in policies whose Version is not 2012-10-17).

    Raises:
        UnresolvedVariable: the text names a variable that has neither a value nor a default.
    """
    if lookup is None or "${" not in text:
        return tuple(_marked(text))
    parts: list[str | Wildcard] = []
    end = 0
    for match in VARIABLE.finditer(text):
        parts.extend(_marked(text[end : match.start()]))
        parts.extend(_value(match, lookup))
        end = match.end()
    parts.extend(_marked(text[end:]))
    return parts


def _marked(text: str) -> Iterator[str | Wildcard]:
    return (ANY if sign == "*" else SINGLE if sign == "?" else sign for sign in text)


def _value(match: re.Match[str], lookup: Lookup) -> str:
    name, default = match.groups()
    if name in LITERALS:
        return name
    value = lookup(name.strip())
    if value is None:
        value = default
    if value is None:
        raise UnresolvedVariable(name)
    return value


def literal(pattern: Pattern) -> str:
    """Return the pattern as a text in which wildcards are plain characters."""
    return "".join(sign.sign if isinstance(sign, Wildcard) else sign for sign in pattern)


def is_like(text: str, pattern: str) -> bool:
    """Return whether the text matches a pattern without variables, case-sensitively."""
    return matches(text, pattern_of(pattern)) if "*" in pattern or "?" in pattern else text == pattern


def matches(text: str, pattern: Pattern) -> bool:
    """Return whether the whole text matches the pattern."""
    segments = _segments(pattern)
    if sum(map(len, segments)) > len(text):
        return False
    head, tail = segments[0], segments[-1]
    if len(segments) == 1:
        return len(head) == len(text) and _fits(head, text, 0)
    if not _fits(head, text, 0) or not _fits(tail, text, len(text) - len(tail)):
        return False
    start, end = len(head), len(text) - len(tail)
    for segment in filter(None, segments[1:-1]):
        start = next((at for at in range(start, end - len(segment) + 1) if _fits(segment, text, at)), -1) + len(segment)
        if start < len(segment):
            return False
    return True


def _segments(pattern: Pattern) -> list[list[str | Wildcard]]:
    """Return the parts between the stars, from the first to the last."""
    segments: list[list[str | Wildcard]] = [[]]
    for sign in pattern:
        if sign is ANY:
            segments.append([])
        else:
            segments[-1].append(sign)
    return segments


def _fits(segment: Sequence[str | Wildcard], text: str, at: int) -> bool:
    return all(sign is SINGLE or sign == text[at + offset] for offset, sign in enumerate(segment))

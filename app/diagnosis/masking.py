"""Removes values of environment variables, and color codes, from texts that a container wrote. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import quote, unquote

from app.diagnosis.log_lines import ANSI

MASK: Final = "…"
_LONGEST_PORT: Final = 5
_SHORTEST_VALUE: Final = 4
_LONGEST_WORD: Final = 8
_BETWEEN: Final = "\x00"
"""Stands between the texts while they are searched as one; no variable can hold it."""
_IN_URL: Final = re.compile(r"://[^/?#\s:@]*:([^/?#\s]+)@")
_IN_CONNECTION: Final = re.compile(r"(?i)\b(?:password|passwd|pwd|secret|token|accountkey|accesskey)=([^;&\s\"']+)")


def mask_values(texts: Sequence[str], values: Iterable[str]) -> list[str]:
    """Return the texts in which every value is `…`, and every password inside a URL or a connection string.

    A program may log the password alone, or in colors, whose codes may stand inside it: they are taken out first.

    Args:
        texts: such as the lines of a log.
        values: of environment variables. Values under four characters and port numbers stay: they are in a text by chance.
    """
    whole = _BETWEEN.join(ANSI.sub("", text).replace(_BETWEEN, " ") for text in texts)
    for part in _parts(values):
        whole = whole.replace(part, MASK)
    whole = whole.encode(errors="replace").decode()  # half of a surrogate pair, of a log cut in its middle, is no text
    return whole.split(_BETWEEN) if texts else []


def _parts(values: Iterable[str]) -> list[str]:
    """Return what to remove, line by line as in a log: the longest first, which may contain a shorter one."""
    parts = {part for value in values for part in (value, *map(str.strip, value.splitlines()), *_passwords(value))}
    long = (part for part in parts if len(part) >= _SHORTEST_VALUE and not _is_port(part))
    return sorted({spelling for part in long for spelling in _spellings(part)}, key=len, reverse=True)


def _passwords(value: str) -> Iterator[str]:
    """Yield the passwords inside a URL or a connection string, as they are written there and decoded.

    Not short words: `postgres` would be taken out of every line that names the database.
    """
    for found in (*_IN_URL.finditer(value), *_IN_CONNECTION.finditer(value)):
        if not (found[1].isalpha() and len(found[1]) <= _LONGEST_WORD):
            yield found[1]
            yield unquote(found[1])


def _spellings(part: str) -> tuple[str, ...]:
    """Return the text as it is, inside a JSON string, quoted inside one, and inside a URL."""
    quoted = json.dumps(part)[1:-1]
    as_written = json.dumps(part, ensure_ascii=False)[1:-1]
    return (
        part,
        quoted,
        as_written,
        json.dumps(quoted)[1:-1],
        json.dumps(as_written, ensure_ascii=False)[1:-1],
        quote(part, safe="", errors="replace"),
    )


def _is_port(value: str) -> bool:
    return value.isdecimal() and len(value) <= _LONGEST_PORT

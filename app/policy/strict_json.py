"""Parses JSON without losing or inventing anything. Repairs nothing: `mend.py` does."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from app.errors import Problem


def load(text: str) -> Any:
    """Return the one JSON value in `text`.

    Raises:
        Problem: `policy.not_json` with line and column; `policy.repeated_key` if an object repeats a key, since keeping
            one of them would silently drop the other.
    """
    try:
        return _shallow(_DECODER.decode(text))
    except json.JSONDecodeError as error:
        raise Problem("policy.not_json", line=error.lineno, column=error.colno) from error
    except (ValueError, RecursionError) as error:
        raise Problem("policy.not_json", line=1, column=1) from error


def load_many(text: str) -> Iterator[Any]:
    """Yield the consecutive JSON values in `text`, with white space or commas between them.

    Raises:
        Problem: as `load`, on reaching anything else.
    """
    at = _skip(text, 0)
    while at < len(text):
        try:
            value, end = _DECODER.raw_decode(text, at)
            yield _shallow(value)
        except (ValueError, RecursionError) as error:
            raise Problem("policy.not_json", line=text.count("\n", 0, at) + 1, column=1) from error
        at = _skip(text, end)


def dump(value: Any, *, indent: int | None = 2, ascii_only: bool = False) -> str:
    """Return `value` as JSON text, keys in their order; without `indent`, as short as possible."""
    if indent is None:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=ascii_only, allow_nan=False)
    lines: list[str] = []
    _Layout(" " * indent, json.JSONEncoder(ensure_ascii=ascii_only, allow_nan=False).encode, lines.append).put(value)
    return "\n".join(lines)


class _Layout(NamedTuple):
    """Formats a value as `json.dumps` does, whose own indentation is several times slower on deep values."""

    step: str
    encode: Callable[[Any], str]
    line: Callable[[str], None]

    def put(self, value: Any, margin: str = "", start: str = "", end: str = "") -> None:
        """Write the value's lines: the first one begins with `start`, the last one ends with `end`."""
        if not value or not isinstance(value, dict | list):
            self.line(start + self.encode(value) + end)
            return
        inner = margin + self.step
        is_dict = isinstance(value, dict)
        self.line(start + ("{" if is_dict else "["))
        last = len(value) - 1
        for number, item in enumerate(value.items() if isinstance(value, dict) else value):
            comma = "," if number < last else ""
            if is_dict:
                self.put(item[1], inner, f"{inner}{self.encode(item[0])}: ", comma)
            else:
                self.put(item, inner, inner, comma)
        self.line(margin + ("}" if is_dict else "]") + end)


def _shallow(value: Any, depth: int = 0) -> Any:
    """Return `value` if it is nested no deeper than any policy; deeper values would exhaust the stack later."""
    if depth > _MAX_DEPTH:
        raise ValueError(depth)
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            _shallow(item, depth + 1)
    return value


def _skip(text: str, at: int) -> int:
    while at < len(text) and (text[at].isspace() or text[at] == ","):
        at += 1
    return at


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        times = Counter(key for key, _ in pairs)
        raise Problem("policy.repeated_key", key=next(key for key, count in times.items() if count > 1))
    return members


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _constant(text: str) -> float:
    raise ValueError(text)


_MAX_DEPTH = 32
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_constant=_constant)

"""Parses JSON without losing or inventing anything. Repairs nothing: `mend.py` does."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.errors import Problem
from app.json_escapes import encodable


@dataclass(frozen=True)
class Number:
    """A number as the text writes it, if Python would write it in another way: `1e400`, `-0`, `1.50`, many digits.

    `dump` writes it back as it was. Other numbers are `int` and `float`.
    """

    text: str

    def __str__(self) -> str:
        return self.text


def load(text: str) -> Any:
    """Return the one JSON value in `text`.

    Raises:
        Problem: `policy.not_json` with line and column; `policy.repeated_key` if an object repeats a key, since keeping
            one of them would silently drop the other; `policy.too_deep` with the most `levels` that are read.
    """
    try:
        return _shallow(_DECODER.decode(text))
    except json.JSONDecodeError as error:
        raise Problem("policy.not_json", line=error.lineno, column=error.colno) from error
    except RecursionError as error:
        raise Problem("policy.too_deep", levels=_MAX_DEPTH) from error
    except ValueError as error:
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
        except RecursionError as error:
            raise Problem("policy.too_deep", levels=_MAX_DEPTH) from error
        except ValueError as error:
            raise Problem("policy.not_json", line=text.count("\n", 0, at) + 1, column=1) from error
        at = _skip(text, end)


def dump(value: Any, *, indent: int | None = 2, ascii_only: bool = False, sort_keys: bool = False) -> str:
    """Return `value` as JSON text, keys in their order or sorted; without `indent`, as short as possible.

    Half of a surrogate pair, which UTF-8 can't hold, is written as an escape.
    """
    return encodable(_dumped(value, indent=indent, ascii_only=ascii_only, sort_keys=sort_keys))


def _dumped(value: Any, *, indent: int | None, ascii_only: bool, sort_keys: bool) -> str:
    encoder = json.JSONEncoder(
        ensure_ascii=ascii_only, allow_nan=False, separators=(",", ":") if indent is None else None, sort_keys=sort_keys
    )
    if indent is None:
        try:
            return encoder.encode(value)
        except TypeError:  # it holds a `Number`, which only the slower layout can write
            lines: list[str] = []
            _Layout("", encoder.encode, lines.append, ":", sort_keys).put(value)
            return "".join(lines)
    lines = []
    _Layout(" " * indent, encoder.encode, lines.append, ": ", sort_keys).put(value)
    return "\n".join(lines)


class _Layout(NamedTuple):
    """Formats a value as `json.dumps` does, whose own indentation is several times slower on deep values."""

    step: str
    encode: Callable[[Any], str]
    line: Callable[[str], None]
    colon: str
    sort_keys: bool

    def put(self, value: Any, margin: str = "", start: str = "", end: str = "") -> None:
        """Write the value's lines: the first one begins with `start`, the last one ends with `end`."""
        if not value or not isinstance(value, dict | list | tuple):
            self.line(f"{start}{self._one(value)}{end}")
            return
        inner = margin + self.step
        is_dict = isinstance(value, dict)
        self.line(start + ("{" if is_dict else "["))
        last = len(value) - 1
        for number, item in enumerate(self._items(value) if isinstance(value, dict) else value):
            comma = "," if number < last else ""
            if is_dict:
                self.put(item[1], inner, f"{inner}{self.encode(item[0])}{self.colon}", comma)
            else:
                self.put(item, inner, inner, comma)
        self.line(margin + ("}" if is_dict else "]") + end)

    def _one(self, value: Any) -> str:
        """Return a value without items; an encoder takes far longer for a whole number than for a string."""
        if type(value) is int:
            return str(value)
        return value.text if isinstance(value, Number) else self.encode(value)

    def _items(self, value: dict[str, Any]) -> list[tuple[str, Any]]:
        return sorted(value.items()) if self.sort_keys else list(value.items())


def _shallow(value: Any, depth: int = 0) -> Any:
    """Return `value` if it is nested no deeper than any policy; deeper values would exhaust the stack later."""
    if depth > _MAX_DEPTH:
        raise Problem("policy.too_deep", levels=_MAX_DEPTH)
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


def _number(text: str, read: Callable[[str], int | float]) -> int | float | Number:
    value = read(text) if len(text) <= _LONGEST_PLAIN else None
    return Number(text) if value is None or str(value) != text else value


def _constant(text: str) -> float:
    raise ValueError(text)


_MAX_DEPTH = 32
_LONGEST_PLAIN = 24
_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=lambda text: _number(text, float),
    parse_int=lambda text: _number(text, int),
    parse_constant=_constant,
)

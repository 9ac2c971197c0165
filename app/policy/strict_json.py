"""Reads JSON without losing or inventing anything. Must never guess: mending is `mend.py`'s."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any

from app.errors import Problem


def load(text: str) -> Any:
    """The one JSON value that `text` is.

    Raises:
        Problem: `policy.not_json` with line and column; `policy.repeated_key` where an object says a key twice,
            since keeping one of them would silently drop the other.
    """
    try:
        return _shallow(_DECODER.decode(text))
    except json.JSONDecodeError as error:
        raise Problem("policy.not_json", line=error.lineno, column=error.colno) from error
    except (ValueError, RecursionError) as error:
        raise Problem("policy.not_json", line=1, column=1) from error


def load_many(text: str) -> tuple[Any, ...]:
    """The JSON values that stand in `text` one after the other, with white space or commas between them.

    Raises:
        Problem: as `load`, when anything else stands there.
    """
    values = []
    at = _skip(text, 0)
    while at < len(text):
        try:
            value, end = _DECODER.raw_decode(text, at)
            values.append(_shallow(value))
        except (ValueError, RecursionError) as error:
            raise Problem("policy.not_json", line=text.count("\n", 0, at) + 1, column=1) from error
        at = _skip(text, end)
    return tuple(values)


def dump(value: Any, *, indent: int | None = 2, ascii_only: bool = False) -> str:
    """`value` as JSON text, keys in their order; without `indent`, as short as it goes."""
    separators = None if indent else (",", ":")
    return json.dumps(value, indent=indent, separators=separators, ensure_ascii=ascii_only, allow_nan=False)


def _shallow(value: Any, depth: int = 0) -> Any:
    """`value`, which no policy nests deeper than this; deeper, what reads it later would run out of stack."""
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

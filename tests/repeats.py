"""Cases that repeat what other tests do: played with `--all-variants`, and left out otherwise (docs/testing.md)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def first_of(cases: Iterable[Any]) -> list[Any]:
    """The first case, and the others as repeats of it."""
    first, *others = cases
    return [first, *map(_repeat, others)]


def some_of(cases: Iterable[Any], every: int) -> list[Any]:
    """The first of each `every` cases and the last, and the others as repeats."""
    listed = list(cases)
    return [
        case if number % every == 0 or number == len(listed) - 1 else _repeat(case)
        for number, case in enumerate(listed)
    ]


def _repeat(case: Any) -> Any:
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.repeats)

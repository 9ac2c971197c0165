"""Numbers as readers write them: 10,240. Imports nothing of ours."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from babel.numbers import format_decimal

SHORT = 1000
"""Numbers below have no separator in any of our languages."""
NAMES = frozenset({"version", "as_version", "other", "port", "line", "column", "status", "code", "rule", "statement"})
"""Values of sentences that are names rather than amounts: port 8080 has no separator."""


def number(value: int, language: str) -> str:
    """Return an amount with the separators of the language."""
    return str(value) if -SHORT < value < SHORT else _grouped(value, language)


@lru_cache(maxsize=1024)
def _grouped(value: int, language: str) -> str:
    return format_decimal(value, locale=language)


def readable(params: Mapping[str, Any], language: str) -> Mapping[str, Any]:
    """Return the values of a sentence with its amounts as `number` writes them."""
    amounts = {name: number(value, language) for name, value in params.items() if _is_amount(name, value)}
    return {**params, **amounts} if amounts else params


def _is_amount(name: str, value: Any) -> bool:
    return type(value) is int and name not in NAMES

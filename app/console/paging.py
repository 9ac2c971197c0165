"""Pages of a list that is known as a whole, by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

PAGE = 50

T = TypeVar("T")


@dataclass(frozen=True)
class NumberedPage(Generic[T]):
    """One page of a list: `number` of `pages`, from 1; `total` counts the whole list."""

    items: tuple[T, ...]
    total: int
    number: int
    pages: int


def page_of(items: Sequence[T], number: int, size: int = PAGE) -> NumberedPage[T]:
    """Return one page; the nearest where there is none of this number."""
    pages = max(1, -(-len(items) // size))
    at = min(max(1, number), pages)
    return NumberedPage(tuple(items[(at - 1) * size : at * size]), len(items), at, pages)

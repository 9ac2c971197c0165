"""Finds names in a request that a route does not know or that are repeated, and the nearest known name. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import get_origin

from fastapi.dependencies.models import Dependant

# The most names of a request that are compared and listed: clients choose them freely.
LONGEST = 64
MOST = 10


def unknown(names: Iterable[str], existing: Sequence[str]) -> tuple[str, ...]:
    """Return the first names that are not `existing`, each once."""
    allowed = frozenset(existing)
    return tuple(name for name in dict.fromkeys(names) if name not in allowed)[:MOST]


def repeated(names: Iterable[str]) -> tuple[str, ...]:
    """Return the first names that are given more than once."""
    return tuple(name for name, count in Counter(names).items() if count > 1)[:MOST]


def nearest(name: str, existing: Sequence[str]) -> str:
    """Return the known name most like `name`; "" if none is similar."""
    return next(iter(get_close_matches(name[:LONGEST].lower(), existing, n=1)), "")


def hint(name: str, existing: Sequence[str]) -> str:
    """Return a hint for an unknown name, in English."""
    meant = nearest(name, existing)
    if meant:
        return f"unknown (did you mean {meant}?)"
    return f"unknown (known are {', '.join(sorted(existing))})" if existing else "unknown (none is taken here)"


def query_names(dependant: Dependant) -> tuple[str, ...]:
    """Return the query parameters of a route and its dependencies."""
    return tuple(field.alias for part in _parts(dependant) for field in part.query_params)


def form_fields(dependant: Dependant) -> dict[str, bool]:
    """Return the form fields of a route and its dependencies, and whether each may be repeated."""
    return {
        field.alias: get_origin(field.field_info.annotation) is list
        for part in _parts(dependant)
        for field in part.body_params
    }


def _parts(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for part in dependant.dependencies:
        yield from _parts(part)

"""Names that a request gives and a route does not know, or that it gives twice, with the name that was meant. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import get_origin

from fastapi.dependencies.models import Dependant

# What is compared and listed of a request at most: its names are anybody's to choose.
LONGEST = 64
MOST = 10


def unknown(names: Iterable[str], known: Sequence[str]) -> tuple[str, ...]:
    """The first names, each once, that are not `known`."""
    allowed = frozenset(known)
    return tuple(name for name in dict.fromkeys(names) if name not in allowed)[:MOST]


def repeated(names: Iterable[str]) -> tuple[str, ...]:
    """The first names that are given more than once."""
    return tuple(name for name, count in Counter(names).items() if count > 1)[:MOST]


def nearest(name: str, known: Sequence[str]) -> str:
    """The known name that is most like `name`; "" where none is."""
    return next(iter(get_close_matches(name[:LONGEST].lower(), known, n=1)), "")


def hint(name: str, known: Sequence[str]) -> str:
    """What to say of an unknown name, in English."""
    meant = nearest(name, known)
    if meant:
        return f"unknown (did you mean {meant}?)"
    return f"unknown (known are {', '.join(sorted(known))})" if known else "unknown (none is taken here)"


def query_names(dependant: Dependant) -> tuple[str, ...]:
    """The query parameters of a route, with those of what it depends on."""
    return tuple(field.alias for part in _parts(dependant) for field in part.query_params)


def form_fields(dependant: Dependant) -> dict[str, bool]:
    """The form fields of a route, with those of what it depends on, and whether each may be there several times."""
    return {
        field.alias: get_origin(field.field_info.annotation) is list
        for part in _parts(dependant)
        for field in part.body_params
    }


def _parts(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for part in dependant.dependencies:
        yield from _parts(part)

"""Names that may be meant where something is missing: kept in the problem, for every front to show."""

from __future__ import annotations

from collections.abc import Iterable

from app.errors import Problem

# A problem's parameters are texts: between the names stands what no name has.
_APART = ", "


def with_nearest(problem: Problem, names: Iterable[str], others: Iterable[str] = ()) -> Problem:
    """Return the problem with names that exist and may be meant, the likest first.

    `others`: the other Regions that have what is missing.
    """
    problem.params["nearest"] = _APART.join(names)
    if others := tuple(others):
        problem.params["others"] = _APART.join(others)
    return problem


def nearest_of(problem: Problem) -> tuple[str, ...]:
    """Return the names that may be meant."""
    return _split(problem, "nearest")


def others_of(problem: Problem) -> tuple[str, ...]:
    """Return the other Regions that have what is missing."""
    return _split(problem, "others")


def _split(problem: Problem, param: str) -> tuple[str, ...]:
    names = str(problem.params.get(param, ""))
    return tuple(names.split(_APART)) if names else ()

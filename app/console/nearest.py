"""Names that may be meant where something is missing or misspelt: kept in the problem, for every front to show."""

from __future__ import annotations

from collections.abc import Iterable

from app.bootstrap import Services
from app.console.repositories import exists, searched_name
from app.errors import Problem
from app.inventory import repository_search

# A problem's parameters are texts: between the names stands what no name has.
_APART = ", "
# The name is right, but of a repository elsewhere: what may be meant is the one of the same name.
_ELSEWHERE = frozenset({"repository.of_other_partition", "repository.of_other_region", "repository.of_other_account"})


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


def explain_refused_name(
    services: Services, region: str, typed: str, refused: Problem
) -> tuple[Problem, tuple[str, ...]]:
    """Return why `typed` was refused, if the store knows more, and the names in the region that may be meant."""
    name = searched_name(typed)
    if refused.code in _ELSEWHERE:
        return refused, (name,) if exists(services, region, name) else ()
    nearest = repository_search.nearest_names(services.db, services.connection, region, name)
    if refused.code != "repository.not_found":
        return refused, nearest
    return _elsewhere(services, region, name) or refused, nearest


def _split(problem: Problem, param: str) -> tuple[str, ...]:
    names = str(problem.params.get(param, ""))
    return tuple(names.split(_APART)) if names else ()


def _elsewhere(services: Services, region: str, typed: str) -> Problem | None:
    """Return the problem that the repository is in another region, or None."""
    others = repository_search.regions_with(services.db, services.connection, typed) if typed else ()
    if not others or region in others:
        return None
    return Problem("repository.other_region", repository=typed, region=region, others=", ".join(others))

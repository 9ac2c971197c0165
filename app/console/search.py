"""One search over everything known: services, repositories, principals, operations and batches. Asks nothing of AWS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from app.bootstrap import Services
from app.ecr_names import SCHEME
from app.errors import Problem
from app.history.lookup import OperationMatches, find_by_id, find_by_name, id_range
from app.inventory import lookup, sync_state
from app.inventory.lookup import Matches, RepositoryMatch, RepositoryQuery, SearchScope, ServiceMatch
from app.inventory.principal_access import clean_principal
from app.inventory.sync_state import What
from app.operations.repository_name import parse_reference

LONGEST_QUERY = 1000
"""Enough for a repository's URI with tag and digest, and for a principal's ARN."""
MOST_SERVICES = 1000
"""Services that actions are offered for."""


class Group(StrEnum):
    """What is found."""

    SERVICES = "services"
    REPOSITORIES = "repositories"
    PRINCIPALS = "principals"
    OPERATIONS = "operations"
    BATCHES = "batches"


@dataclass(frozen=True)
class SearchAnswer:
    """The first matches of each group. `unread` are the Regions that were not read completely yet.

    `repository` is the part of a repository's name that was searched for, without what else a URI or `name:tag` says.
    `principals` begin with what was searched for where that is a principal, known or not.
    """

    query: str
    repository: str = ""
    services: Matches[ServiceMatch] = field(default_factory=Matches)
    repositories: Matches[RepositoryMatch] = field(default_factory=Matches)
    principals: Matches[str] = field(default_factory=Matches)
    operations: OperationMatches = field(default_factory=OperationMatches)
    batches: OperationMatches = field(default_factory=OperationMatches)
    unread: tuple[str, ...] = ()

    @property
    def shown(self) -> int:
        """How many matches the answer holds."""
        groups = (self.services, self.repositories, self.principals, self.operations, self.batches)
        return sum(len(group.rows) for group in groups)


def search(services: Services, query: str, *, limit: int, group: Group | None = None) -> SearchAnswer:
    """Return at most `limit` matches of each group, or of one; nothing for an empty query."""
    text = query.strip()[:LONGEST_QUERY]
    if not text:
        return SearchAnswer("")
    answer = SearchAnswer(text, _repository_in(text).name, unread=_unread(services))
    lookups = _LOOKUPS if group is None else {group: _LOOKUPS[group]}
    matches = {str(name): look(services, text, limit) for name, look in lookups.items()}
    return replace(answer, **matches)


def service_names(services: Services) -> tuple[tuple[str, str], ...]:
    """Return the Region and name of the services that actions are offered for."""
    return lookup.service_names(services.db, _scope(services), MOST_SERVICES)


def _scope(services: Services) -> SearchScope:
    return SearchScope(services.connection, services.regions)


def _services(services: Services, text: str, limit: int) -> Matches[ServiceMatch]:
    host = SCHEME.sub("", text, count=1).partition("/")[0]
    domain = host if "." in host else ""
    return lookup.find_services(services.db, _scope(services), text, domain, limit)


def _repositories(services: Services, text: str, limit: int) -> Matches[RepositoryMatch]:
    return lookup.find_repositories(services.db, _scope(services), _repository_in(text), limit)


def _principals(services: Services, text: str, limit: int) -> Matches[str]:
    principals = lookup.find_principals(services.db, _scope(services), text, limit)
    try:
        principal = clean_principal(text)
    except Problem:
        return principals
    others = tuple(row for row in principals.rows if row != principal)
    return Matches((principal, *others)[:limit], principals.more or len(others) >= limit)


def _operations(services: Services, text: str, limit: int) -> OperationMatches:
    db, connection = services.db, services.connection
    bounds = id_range(text)
    by_id = find_by_id(db, connection, bounds, batches=False, limit=limit) if bounds else OperationMatches()
    if by_id.rows:
        return by_id
    return find_by_name(db, connection, text, _repository_in(text).name, limit)


def _batches(services: Services, text: str, limit: int) -> OperationMatches:
    bounds = id_range(text)
    if bounds is None:
        return OperationMatches()
    return find_by_id(services.db, services.connection, bounds, batches=True, limit=limit)


_LOOKUPS: Mapping[Group, Callable[[Services, str, int], Any]] = {
    Group.SERVICES: _services,
    Group.REPOSITORIES: _repositories,
    Group.PRINCIPALS: _principals,
    Group.OPERATIONS: _operations,
    Group.BATCHES: _batches,
}


def _repository_in(text: str) -> RepositoryQuery:
    """Return what a name, `name:tag`, URI or ARN says of a repository; any other text as a part of a name."""
    try:
        reference = parse_reference(text)
    except Problem:
        return RepositoryQuery(text)
    return RepositoryQuery(reference.name, reference.region, reference.account)


def _unread(services: Services) -> tuple[str, ...]:
    """Return the Regions whose services, repositories or policies have not all been read once."""
    readings = sync_state.readings(services.db, services.connection)
    whole = {(read.region, read.what) for read in readings if read.succeeded_at is not None}
    parts = (What.SERVICES, What.REPOSITORIES, What.POLICIES)
    return tuple(region for region in services.regions if any((region, part) not in whole for part in parts))

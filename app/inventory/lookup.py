"""Finds services, repositories and principals by a part of their name, for the search over everything.

Each function is one statement that returns a few rows, whatever the amount of data. None reads a policy.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select, union_all

from app.db import Database
from app.inventory.models import PolicyPrincipal, SeenRepository, SeenService
from app.inventory.queries import is_named

HTTPS = "https://"
LONGEST_PRINCIPAL = 512

T = TypeVar("T")


@dataclass(frozen=True)
class Matches(Generic[T]):
    """The best matches. `total` counts all of them, None where they weren't counted; `more`: there are others."""

    rows: tuple[T, ...] = ()
    more: bool = False
    total: int | None = None


@dataclass(frozen=True)
class SearchScope:
    """Where is searched: an AWS connection, in these Regions."""

    connection: str
    regions: Collection[str]


@dataclass(frozen=True)
class ServiceMatch:
    """A container service, with its state as AWS names it."""

    region: str
    name: str
    state: str
    url: str


@dataclass(frozen=True)
class RepositoryMatch:
    """A private repository."""

    region: str
    name: str
    uri: str


@dataclass(frozen=True)
class RepositoryQuery:
    """A part of a repository's name; `region` and `registry_id` are exact, "" for any."""

    name: str
    region: str = ""
    registry_id: str = ""


def find_services(db: Database, scope: SearchScope, name: str, domain: str, limit: int) -> Matches[ServiceMatch]:
    """Return services whose name holds `name` or whose URL holds `domain`, "" for none."""
    row = SeenService
    url = row.facts["url"].as_string()
    # Without the scheme, which is the same in every URL.
    by_domain = func.substr(url, len(HTTPS) + 1).icontains(domain, autoescape=True) if domain else false()
    conditions = (
        row.connection == scope.connection,
        row.region.in_(scope.regions),
        or_(row.name.contains(name.lower(), autoescape=True), by_domain),
    )
    total = select(func.count()).select_from(row).where(*conditions).scalar_subquery()
    statement = select(row.region, row.name, row.state, url, total).where(*conditions).limit(limit)
    with db.read() as session:
        rows = session.execute(statement.order_by(_rank(row.name, name), row.name, row.region)).all()
    return _counted(tuple(ServiceMatch(*values) for *values, _ in rows), rows[0][-1] if rows else 0)


def find_repositories(db: Database, scope: SearchScope, query: RepositoryQuery, limit: int) -> Matches[RepositoryMatch]:
    """Return repositories whose name holds the query's: that name first, then names that begin with it."""
    row = SeenRepository
    conditions = [
        row.connection == scope.connection,
        row.region.in_([region for region in scope.regions if query.region in ("", region)]),
        is_named(query.name),
    ]
    if query.registry_id:
        conditions.append(row.registry_id == query.registry_id)
    order = (_rank(row.name, query.name), row.name, row.region)
    # The index holds what is compared; the rows themselves are read only for the first matches.
    total = func.count().over().label("total")
    first = select(row.region, row.name, total).where(*conditions).order_by(*order).limit(limit).subquery()
    statement = (
        select(row.region, row.name, row.uri, first.c.total)
        .join(first, and_(row.region == first.c.region, row.name == first.c.name))
        .where(row.connection == scope.connection)
    )
    with db.read() as session:
        rows = session.execute(statement.order_by(*order)).all()
    return _counted(tuple(RepositoryMatch(*values) for *values, _ in rows), rows[0][-1] if rows else 0)


def find_principals(db: Database, scope: SearchScope, part: str, limit: int) -> Matches[str]:
    """Return ARNs that policies name or that are a service's image puller role, and that hold `part`."""
    if not scope.regions or len(part) > LONGEST_PRINCIPAL:
        return Matches()
    named, service = PolicyPrincipal, SeenService
    # By Region, in the order of the index: a common part is found without reading all of it.
    parts: list[Select[Any]] = [
        _distinct(named.principal, (named.connection == scope.connection, named.region == region), part, limit)
        for region in scope.regions
    ]
    parts.append(
        _distinct(
            service.role_arn, (service.connection == scope.connection, service.region.in_(scope.regions)), part, limit
        )
    )
    principals = union_all(*(select(each.subquery()) for each in parts)).subquery()
    statement = select(principals.c.principal).distinct().order_by(principals.c.principal).limit(limit + 1)
    with db.read() as session:
        rows = session.scalars(statement).all()
    return Matches(tuple(rows[:limit]), len(rows) > limit)


def service_names(db: Database, scope: SearchScope, limit: int) -> tuple[tuple[str, str], ...]:
    """Return the region and name of the first services by name."""
    row = SeenService
    statement = (
        select(row.region, row.name)
        .where(row.connection == scope.connection, row.region.in_(scope.regions))
        .order_by(row.name, row.region)
        .limit(limit)
    )
    with db.read() as session:
        return tuple((region, name) for region, name in session.execute(statement))


def _distinct(column: Any, conditions: Sequence[ColumnElement[bool]], part: str, limit: int) -> Select[Any]:
    is_arn, holds = column.startswith("arn:"), column.icontains(part, autoescape=True)
    return (
        select(column.label("principal")).where(*conditions, is_arn, holds).distinct().order_by(column).limit(limit + 1)
    )


def _rank(column: Any, name: str) -> ColumnElement[int]:
    """Order the name itself first, then those that begin with it; AWS's names have no capitals."""
    lower = name.lower()
    return case((column == lower, 0), (column.startswith(lower, autoescape=True), 1), else_=2)


def _counted(rows: tuple[T, ...], total: int) -> Matches[T]:
    return Matches(rows, total > len(rows), total)

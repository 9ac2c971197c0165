"""Finds repositories by what a person types. Must never read a policy that is not about the service at hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from heapq import nlargest

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.aws.ports import ContainerService
from app.db import Database
from app.inventory.access import about, verdict_on
from app.inventory.models import PolicyPrincipal, RegionReading, SeenRepository
from app.inventory.queries import KnownRepository, known_repository
from app.inventory.registries import registry_in
from app.policy.evaluate import Access, Verdict, decides_on_pulls

LIMIT = 50
_ALIKE = 0.6  # difflib's own measure of a close match
_SHORTLIST = 50


@dataclass(frozen=True)
class Choice:
    """A repository that the service cannot pull from yet, as far as we know.

    `has_policy` None: its policy has not been read. `verdict` where a policy is about the service and yet falls short.
    """

    name: str
    uri: str
    has_policy: bool | None
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Choices:
    """The first that fit, by name; `more`: others fit too."""

    rows: tuple[Choice, ...]
    more: bool = False


def choices(
    db: Database,
    connection: str,
    service: ContainerService,
    query: str = "",
    *,
    now: datetime | None = None,
    limit: int = LIMIT,
) -> Choices:
    """The repositories of the service's region whose name holds `query` and that its role may not pull from at `now`."""
    with db.read() as session:
        rows = []
        registry = registry_in(session, connection, service.region).policy
        decides = decides_on_pulls(registry)
        for repository, is_related in _candidates(session, connection, service, query, 2 * limit):
            verdict = verdict_on(repository, service, registry, now) if is_related or decides else None
            choice = _choice(repository, verdict, is_related=is_related)
            rows += [choice] if choice else []
            if len(rows) > limit:
                break
    return Choices(tuple(rows[:limit]), len(rows) > limit)


def nearest_names(db: Database, connection: str, region: str, name: str, *, limit: int = 3) -> tuple[str, ...]:
    """The names in the region most like `name`, the likest first, for one that was typed wrongly."""
    row = SeenRepository
    query = select(row.name).where(row.connection == connection, row.region == region, row.name != name)
    with db.read() as session:
        return nearest(name, session.scalars(query), limit=limit)


def regions_with(db: Database, connection: str, name: str) -> tuple[str, ...]:
    """The regions that have a repository of this name: a service pulls only from its own."""
    row = SeenRepository
    read = select(RegionReading.region).where(RegionReading.connection == connection)
    query = select(row.region).where(row.connection == connection, row.name == name, row.region.in_(read))
    with db.read() as session:
        return tuple(session.scalars(query.order_by(row.region)))


def nearest(name: str, names: Iterable[str], *, limit: int = 3) -> tuple[str, ...]:
    """The `names` most like `name`. Pairs of letters sort out the few that are compared closely."""
    name = name.lower()  # as ECR's names are
    pairs = {name[i : i + 2] for i in range(len(name) - 1)}
    if not pairs:
        return ()
    shortlist = nlargest(_SHORTLIST, names, key=lambda other: sum(pair in other for pair in pairs) / (len(other) + 2))
    matcher = SequenceMatcher(b=name, autojunk=False)
    rated = []
    for other in shortlist:
        matcher.set_seq1(other)
        rated.append((matcher.ratio(), other))
    close = sorted((-ratio, other) for ratio, other in rated if ratio >= _ALIKE)
    return tuple(other for _, other in close[:limit])


def _candidates(
    session: Session, connection: str, service: ContainerService, query: str, size: int
) -> Iterator[tuple[KnownRepository, bool]]:
    """The repositories by name, and whether their policy is about the service."""
    row = SeenRepository
    related = select(PolicyPrincipal.repository).where(
        about(connection, service), PolicyPrincipal.repository == row.name
    )
    page = (
        select(row, related.exists())
        .where(row.connection == connection, row.region == service.region)
        .where(row.name.icontains(query, autoescape=True))
        .order_by(row.name)
        .limit(size)
    )
    after = ""
    while rows := session.execute(page.where(row.name > after)).all():
        for repository, is_related in rows:
            yield known_repository(repository), is_related
        after = rows[-1][0].name


def _choice(repository: KnownRepository, verdict: Verdict | None, *, is_related: bool) -> Choice | None:
    if verdict is not None and verdict.access is Access.ALLOWED:
        return None
    if verdict is not None and verdict.access is Access.NOT_ALLOWED and not is_related:
        verdict = None  # no policy is about the service
    return Choice(repository.name, repository.uri, repository.has_policy, verdict)

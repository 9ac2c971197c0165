"""Finds repositories by what a person types. Reads only policies that concern the service."""

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
from app.inventory.queries import KnownRepository, is_named, known_repository
from app.inventory.registries import registry_in
from app.policy.evaluate import decides_on_pulls
from app.policy.glob import Gap, Glob
from app.policy.verdict import Access, Verdict

LIMIT = 50
_ALIKE = 0.6  # difflib's own threshold for a close match
_SHORTLIST = 50


@dataclass(frozen=True)
class Choice:
    """A repository that the service cannot pull from yet, as far as we know.

    `has_policy` None: its policy has not been read. `verdict` is set if a policy concerns the service and is not
    enough.
    """

    name: str
    uri: str
    has_policy: bool | None
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Choices:
    """The first matches, by name; `more`: there are others. `added`: those that the service can pull from already."""

    rows: tuple[Choice, ...]
    more: bool = False
    added: tuple[str, ...] = ()


def choices(
    db: Database,
    connection: str,
    service: ContainerService,
    query: str = "",
    *,
    now: datetime | None = None,
    limit: int = LIMIT,
) -> Choices:
    """Return the region's repositories whose name holds `query` and that the role may not pull from at `now`."""
    with db.read() as session:
        rows: list[Choice] = []
        added: list[str] = []
        registry = registry_in(session, connection, service.region).policy
        decides = decides_on_pulls(registry)
        for repository, is_related in _candidates(session, connection, service, query, 2 * limit):
            verdict = verdict_on(repository, service, registry, now) if is_related or decides else None
            if verdict is not None and verdict.access is Access.ALLOWED:
                added.append(repository.name)
                continue
            rows.append(_choice(repository, verdict, is_related=is_related))
            if len(rows) > limit:
                break
    return Choices(tuple(rows[:limit]), len(rows) > limit, tuple(added))


def names_matching(db: Database, connection: str, region: str, pattern: str) -> tuple[str, ...]:
    """Return the repositories of a region whose whole name `pattern` covers, by name; `*` is any characters."""
    parts = [piece for part in pattern.split("*") for piece in (part, Gap(0, open=True))][:-1]
    glob = Glob.of(parts)
    row = SeenRepository
    query = select(row.name).where(
        row.connection == connection, row.region == region, row.name.startswith(glob.head, autoescape=True)
    )
    with db.read() as session:
        return tuple(name for name in session.scalars(query.order_by(row.name)) if glob.matches(name))


def nearest_names(db: Database, connection: str, region: str, name: str, *, limit: int = 3) -> tuple[str, ...]:
    """Return the names in the region most like `name`, the most similar first, for one with a typing error."""
    row = SeenRepository
    query = select(row.name).where(row.connection == connection, row.region == region, row.name != name)
    with db.read() as session:
        return nearest(name, session.scalars(query), limit=limit)


def regions_with(db: Database, connection: str, name: str) -> tuple[str, ...]:
    """Return the regions that have a repository of this name: a service pulls only from its own."""
    row = SeenRepository
    read = select(RegionReading.region).where(RegionReading.connection == connection)
    query = select(row.region).where(row.connection == connection, row.name == name, row.region.in_(read))
    with db.read() as session:
        return tuple(session.scalars(query.order_by(row.region)))


def nearest(name: str, names: Iterable[str], *, limit: int = 3) -> tuple[str, ...]:
    """Return the `names` most like `name`. Pairs of letters preselect the few that are compared closely."""
    name = name.lower()  # ECR's names are lower case
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
    """Return the repositories by name, and whether their policy concerns the service."""
    row = SeenRepository
    related = select(PolicyPrincipal.repository).where(
        about(connection, service), PolicyPrincipal.repository == row.name
    )
    page = (
        select(row, related.exists())
        .where(row.connection == connection, row.region == service.region)
        .where(is_named(query))
        .order_by(row.name)
        .limit(size)
    )
    after = ""
    while rows := session.execute(page.where(row.name > after)).all():
        for repository, is_related in rows:
            yield known_repository(repository), is_related
        after = rows[-1][0].name


def _choice(repository: KnownRepository, verdict: Verdict | None, *, is_related: bool) -> Choice:
    if verdict is not None and verdict.access is Access.NOT_ALLOWED and not is_related:
        verdict = None  # no policy concerns the service
    return Choice(repository.name, repository.uri, repository.has_policy, verdict)

"""Which repositories a service can pull from, by the policies we know. Judges no more policies than necessary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import lru_cache

from sqlalchemy import ColumnElement, func, or_, select, union
from sqlalchemy.orm import Session

from app.aws.ports import ContainerService
from app.db import Database
from app.inventory.circumstances import Circumstances
from app.inventory.models import PolicyPrincipal, SeenRepository
from app.inventory.pull_counts import begins_with, openings, principals_of
from app.inventory.queries import KnownRepository, known_repository
from app.inventory.registries import registry_in
from app.policy.arns import WILDCARD, is_namesakes
from app.policy.evaluate import Access, Verdict, is_timed
from app.policy.finding import Finding
from app.policy.findings import findings
from app.policy.layers import RegistryPolicy

# A page of more rows helps nobody; those that name the service come first.
LIMIT = 500


class Tie(IntEnum):
    """How a policy comes to be about a service, the closest first."""

    ROLE = 1
    """It names the image puller role that the service has now."""
    OWN = 2
    """It names another role of the service: a dead one, or its general one, which never pulls."""
    ACCOUNT = 3
    """It names the account that the role lives in."""
    EVERYONE = 4
    """It is about everyone, or about everyone but a few."""
    REGISTRY = 5
    """It isn't about the service; the registry policy may allow the pull."""


@dataclass(frozen=True)
class RepositoryAccess:
    """A repository whose policy is about the service.

    `verdict` is on the role that the service has now, by the repository policy and the registry policy: None when the
    policy cannot be understood, and while there is no role, unless one could not pull whatever its ARN.
    """

    repository: KnownRepository
    tie: Tie
    verdict: Verdict | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class ServiceAccess:
    """The repositories by name, those that name the service first; `left_out` more are not judged."""

    rows: tuple[RepositoryAccess, ...]
    left_out: int = 0


@dataclass(frozen=True)
class _Opened:
    """Repositories that a registry policy may open: the first names, and how many there are."""

    names: Sequence[str]
    total: int


def repositories_of(
    db: Database, connection: str, service: ContainerService, *, now: datetime | None = None, limit: int = LIMIT
) -> ServiceAccess:
    """The repositories whose policy is about the service, each judged; of the others nothing but their number is read.

    `now` is for conditions on the date, as `evaluate` takes it.
    """
    with db.read() as session:
        registry = registry_in(session, connection, service.region).policy
        prefixes = openings(registry, service.role.principal_arn)
        opened = _opened(session, connection, service, prefixes)
        own = _ties(session, connection, service)
        ties = dict.fromkeys(opened.names, Tie.REGISTRY) | own
        total = opened.total + sum(not name.startswith(prefixes) for name in own)
        chosen = sorted(ties, key=lambda name: (ties[name], name))[:limit]
        row = SeenRepository
        query = select(row).where(row.connection == connection, row.region == service.region, row.name.in_(chosen))
        known = {found.name: known_repository(found) for found in session.scalars(query)}
    rows = tuple(_judged(known[name], ties[name], service, registry, now) for name in chosen if name in known)
    return ServiceAccess(rows, total - len(chosen))


def about(connection: str, service: ContainerService) -> ColumnElement[bool]:
    """The principals by which a policy is about the service."""
    row = PolicyPrincipal
    named = row.principal.in_(_principals(service))
    return (row.connection == connection) & (row.region == service.region) & or_(named, row.service == service.name)


def verdict_on(
    repository: KnownRepository, service: ContainerService, registry: RegistryPolicy, now: datetime | None = None
) -> Verdict | None:
    """Whether the service's role may pull, by both policies: None when the repository policy cannot be understood.

    A service without a role is judged only where no role could pull: its ARN is not known before it is activated.
    """
    if repository.policy_read_at is None:
        return None
    role = service.role.principal_arn
    verdict = Circumstances(registry, repository.arn, now).kept_verdict(repository.policy_text, role)
    return verdict if role or (verdict is not None and verdict.access is Access.DENIED) else None


def _opened(session: Session, connection: str, service: ContainerService, prefixes: Sequence[str]) -> _Opened:
    """The repositories that the registry policy may open to the service's role, whose names begin so."""
    row = SeenRepository
    if not prefixes:
        return _Opened((), 0)
    known = (row.connection == connection, row.region == service.region, begins_with(prefixes))
    names = session.scalars(select(row.name).where(*known).order_by(row.name).limit(LIMIT)).all()
    total = len(names) if len(names) < LIMIT else session.scalar(select(func.count()).where(*known)) or 0
    return _Opened(names, total)


def _principals(service: ContainerService) -> tuple[str, ...]:
    general = service.general_principal_arn
    return (*principals_of(service.role.principal_arn), *([general] if general else []))


def _ties(session: Session, connection: str, service: ContainerService) -> dict[str, Tie]:
    row = PolicyPrincipal
    query = select(row.repository, row.principal, row.service).where(
        row.connection == connection, row.region == service.region
    )
    # Two questions, each with an index of its own.
    by_name = query.where(row.principal.in_(_principals(service)))
    by_path = query.where(row.service == service.name)
    rows = session.execute(union(by_name, by_path))
    ties: dict[str, Tie] = {}
    own = (service.role.principal_arn, service.general_principal_arn)
    for repository, principal, named_service in rows:
        if principal not in own and is_namesakes(principal, own):
            continue
        tie = _tie(principal, named_service, service)
        ties[repository] = min(tie, ties.get(repository, tie))
    return ties


def _tie(principal: str, named_service: str, service: ContainerService) -> Tie:
    if principal == service.role.principal_arn:
        return Tie.ROLE
    if named_service == service.name or principal == service.general_principal_arn:
        return Tie.OWN
    return Tie.EVERYONE if principal == WILDCARD else Tie.ACCOUNT


def _judged(
    repository: KnownRepository, tie: Tie, service: ContainerService, registry: RegistryPolicy, now: datetime | None
) -> RepositoryAccess:
    text = repository.policy_text
    listed = _findings(text, service.name, service.region, service.role.principal_arn, _minute(text, now))
    return RepositoryAccess(repository, tie, verdict_on(repository, service, registry, now), listed)


# The same texts are judged each time a page is shown: to understand one takes longer than all else of its row.


def _minute(text: str | None, now: datetime | None) -> datetime | None:
    """The minute, where the text's verdict depends on it; none else, so that the verdict is kept."""
    return now.replace(second=0, microsecond=0) if now and is_timed(text) else None


@lru_cache(maxsize=2 * LIMIT)
def _findings(text: str | None, service: str, region: str, role: str, now: datetime | None) -> tuple[Finding, ...]:
    return findings(text, service=service, region=region, role=role, now=now)

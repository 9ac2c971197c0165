"""Which repositories a service can pull from, by the known policies. Evaluates no more policies than necessary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import lru_cache

from sqlalchemy import ColumnElement, bindparam, func, or_, select, union
from sqlalchemy.orm import Session

from app.aws.ports import ContainerService
from app.db import Database, table_of
from app.inventory.circumstances import Circumstances
from app.inventory.models import PolicyPrincipal, SeenRepository
from app.inventory.pull_counts import begins_with, openings, principals_of
from app.inventory.queries import KnownRepository, repositories_named
from app.inventory.registries import registry_in
from app.policy.arns import WILDCARD, is_namesakes
from app.policy.evaluate import is_timed
from app.policy.finding import Finding
from app.policy.findings import findings
from app.policy.layers import RegistryPolicy
from app.policy.verdict import Access, Verdict

# More rows on a page are of no use; those that name the service come first.
LIMIT = 500

_NAMES = table_of(PolicyPrincipal)
_IN_REGION = select(_NAMES.c.repository, _NAMES.c.principal, _NAMES.c.service).where(
    _NAMES.c.connection == bindparam("at_connection"), _NAMES.c.region == bindparam("at_region")
)
# Built once. Two queries, each with an index of its own.
TIES = union(
    _IN_REGION.where(_NAMES.c.principal.in_(bindparam("principals", expanding=True))),
    _IN_REGION.where(_NAMES.c.service == bindparam("at_service")),
)


class Tie(IntEnum):
    """How a policy concerns a service, the closest first."""

    ROLE = 1
    """It names the service's current image puller role."""
    OWN = 2
    """It names another role of the service: a deleted one, or its general one, which never pulls."""
    ACCOUNT = 3
    """It names the role's account."""
    EVERYONE = 4
    """It names everyone, or everyone but a few."""
    REGISTRY = 5
    """It doesn't concern the service; the registry policy may allow the pull."""


@dataclass(frozen=True)
class RepositoryAccess:
    """A repository whose policy concerns the service.

    `verdict` is for the service's current role, by the repository policy and the registry policy: None if the policy
    cannot be parsed, and while there is no role, unless no role could pull, whatever its ARN.
    """

    repository: KnownRepository
    tie: Tie
    verdict: Verdict | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class ServiceAccess:
    """The repositories by name, those that name the service first; `left_out` more are not evaluated."""

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
    """Return the repositories whose policy concerns the service, each with its verdict; the others are only counted.

    `now` is for conditions on the date, as in `evaluate`.
    """
    with db.read() as session:
        registry = registry_in(session, connection, service.region).policy
        prefixes = openings(registry, service.role.principal_arn)
        opened = _opened(session, connection, service, prefixes)
        own = _ties(session, connection, service)
        ties = dict.fromkeys(opened.names, Tie.REGISTRY) | own
        total = opened.total + sum(not name.startswith(prefixes) for name in own)
        chosen = sorted(ties, key=lambda name: (ties[name], name))[:limit]
        by_name = {each.name: each for each in repositories_named(session, connection, service.region, chosen)}
    rows = tuple(access_of(by_name[name], ties[name], service, registry, now) for name in chosen if name in by_name)
    return ServiceAccess(rows, total - len(chosen))


def about(connection: str, service: ContainerService) -> ColumnElement[bool]:
    """Return the condition for the principals by which a policy concerns the service."""
    row = PolicyPrincipal
    named = row.principal.in_(_principals(service))
    return (row.connection == connection) & (row.region == service.region) & or_(named, row.service == service.name)


def verdict_on(
    repository: KnownRepository, service: ContainerService, registry: RegistryPolicy, now: datetime | None = None
) -> Verdict | None:
    """Return whether the service's role may pull, by both policies; None if the repository policy cannot be parsed.

    A service without a role gets a verdict only if no role could pull: its ARN is not known before it is activated.
    """
    if repository.policy_read_at is None:
        return None
    role = service.role.principal_arn
    verdict = Circumstances(registry, repository.arn, now).kept_verdict(repository.policy_text, role)
    return verdict if role or (verdict is not None and verdict.access is Access.DENIED) else None


def _opened(session: Session, connection: str, service: ContainerService, prefixes: Sequence[str]) -> _Opened:
    """Return the repositories that the registry policy may open to the service's role, whose names begin so."""
    row = SeenRepository
    if not prefixes:
        return _Opened((), 0)
    in_scope = (row.connection == connection, row.region == service.region, begins_with(prefixes))
    names = session.scalars(select(row.name).where(*in_scope).order_by(row.name).limit(LIMIT)).all()
    total = len(names) if len(names) < LIMIT else session.scalar(select(func.count()).where(*in_scope)) or 0
    return _Opened(names, total)


def _principals(service: ContainerService) -> tuple[str, ...]:
    general = service.general_principal_arn
    return (*principals_of(service.role.principal_arn), *([general] if general else []))


def _ties(session: Session, connection: str, service: ContainerService) -> dict[str, Tie]:
    at = {"at_connection": connection, "at_region": service.region, "at_service": service.name}
    rows = session.execute(TIES, {**at, "principals": _principals(service)})
    ties: dict[str, Tie] = {}
    for repository, principal, named_service in rows:
        tie = tie_of(principal, named_service, service)
        if tie is not None:
            ties[repository] = min(tie, ties.get(repository, tie))
    return ties


def tie_of(principal: str, named_service: str, service: ContainerService) -> Tie | None:
    """Return how a policy that names the principal is about the service; None: not by this principal."""
    own = (service.role.principal_arn, service.general_principal_arn)
    if principal not in own and is_namesakes(principal, own):
        return None
    if principal and principal == service.role.principal_arn:
        return Tie.ROLE
    if named_service == service.name or principal == service.general_principal_arn:
        return Tie.OWN
    if principal == WILDCARD:
        return Tie.EVERYONE
    return Tie.ACCOUNT if principal in _principals(service) else None


def access_of(
    repository: KnownRepository, tie: Tie, service: ContainerService, registry: RegistryPolicy, now: datetime | None
) -> RepositoryAccess:
    """Return what both policies give the service."""
    text = repository.policy_text
    listed = _findings(text, service.name, service.region, service.role.principal_arn, _minute(text, now))
    return RepositoryAccess(repository, tie, verdict_on(repository, service, registry, now), listed)


# The same texts are evaluated for each page: parsing one takes longer than the rest of its row.


def _minute(text: str | None, now: datetime | None) -> datetime | None:
    """Return the minute if the text's verdict depends on it, else None, so that the verdict is cached."""
    return now.replace(second=0, microsecond=0) if now and is_timed(text) else None


@lru_cache(maxsize=2 * LIMIT)
def _findings(text: str | None, service: str, region: str, role: str, now: datetime | None) -> tuple[Finding, ...]:
    return findings(text, service=service, region=region, role=role, now=now)

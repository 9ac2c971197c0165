"""Queries about known services and repositories, from our own tables only. They write nothing and do not call AWS.

The number of statements in a query does not depend on the amount of data.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Table, bindparam, func, select, tuple_, union
from sqlalchemy.orm import Session

from app.aws.ports import CallerIdentity, ContainerService
from app.db import Database, table_of
from app.errors import Problem
from app.inventory.models import ConnectionIdentity, PolicyPrincipal, SeenRepository, SeenService
from app.inventory.pull_counts import pull_counts
from app.inventory.service_json import from_facts
from app.keys import RepositoryKey, ServiceKey
from app.policy.arns import is_namesakes, service_of
from app.policy.verdict import Access


@dataclass(frozen=True)
class KnownService:
    """A service as it was at `seen_at`.

    `can_pull` counts the repositories whose policy names its role, or that the registry policy opens to it, and that let
    it pull; `stale_grants` those places where a policy names another role of this service: one that is dead, or its
    general one, which never pulls.
    """

    service: ContainerService
    seen_at: datetime
    can_pull: int = 0
    stale_grants: int = 0


@dataclass(frozen=True)
class KnownRepository:
    """A repository as it was at `seen_at`, and its policy as it was at `policy_read_at` (None: never read).

    `problem` is why the policy could not be read at `policy_tried_at`, or not be parsed.
    """

    region: str
    name: str
    registry_id: str
    uri: str
    arn: str
    created_at: datetime | None
    seen_at: datetime
    policy_text: str | None
    policy_read_at: datetime | None
    policy_tried_at: datetime | None
    problem: Problem | None

    @property
    def has_policy(self) -> bool | None:
        """Whether it has a policy; None: not known yet."""
        return None if self.policy_read_at is None else self.policy_text is not None


@dataclass(frozen=True)
class PolicyCoverage:
    """How many of a region's policies were read or tried at least once, and when the oldest was."""

    tried: int
    total: int
    oldest_at: datetime | None

    @property
    def whole(self) -> bool:
        """Whether it is known which repositories a service can pull from."""
        return self.tried == self.total


# Statements of every page are built once: building one takes longer than running it, and so do the objects of the ORM.
_SERVICES = table_of(SeenService)
_REPOSITORIES = table_of(SeenRepository)
_CALLERS = table_of(ConnectionIdentity)


def _in_region(table: Table) -> tuple[ColumnElement[bool], ...]:
    return table.c.connection == bindparam("at_connection"), table.c.region == bindparam("at_region")


_THE_SERVICE = (*_in_region(_SERVICES), _SERVICES.c.name == bindparam("at_name"))
FACTS_OF = select(_SERVICES.c.facts).where(*_THE_SERVICE)
ROLE_OF = select(_SERVICES.c.role_active, _SERVICES.c.role_arn).where(*_THE_SERVICE)
CALLER_OF = select(_CALLERS.c.account, _CALLERS.c.arn, _CALLERS.c.seen_at).where(
    _CALLERS.c.connection == bindparam("at_connection")
)
# Each part is answered by an index for itself: together they would look at every row of it.
_TRIED_AT = _REPOSITORIES.c.policy_tried_at
COVERAGE = select(
    select(func.count()).where(*_in_region(_REPOSITORIES)).scalar_subquery(),
    select(func.count()).where(*_in_region(_REPOSITORIES), _TRIED_AT.is_(None)).scalar_subquery(),
    select(func.min(_TRIED_AT)).where(*_in_region(_REPOSITORIES)).scalar_subquery(),
)
_KNOWN = ("region", "name", "registry_id", "uri", "arn", "created_at", "seen_at")
_OF_POLICY = ("policy_text", "policy_read_at", "policy_tried_at", "policy_problem")
NAMED = select(*(_REPOSITORIES.c[name] for name in (*_KNOWN, *_OF_POLICY))).where(
    *_in_region(_REPOSITORIES), _REPOSITORIES.c.name.in_(bindparam("names", expanding=True))
)
_THE_REPOSITORY = (
    SeenRepository.connection == bindparam("at_connection"),
    SeenRepository.region == bindparam("at_region"),
    SeenRepository.name == bindparam("at_name"),
)
URI_OF: Select[str] = select(SeenRepository.uri).where(*_THE_REPOSITORY)


def list_services(db: Database, connection: str, now: datetime | None = None) -> tuple[KnownService, ...]:
    """Return all services of a connection, by name, then region; `now` is for date conditions of a registry policy."""
    query = select(SeenService).where(SeenService.connection == connection).order_by(SeenService.name)
    with db.read() as session:
        rows = session.scalars(query.order_by(SeenService.region)).all()
        counts = _counts(session, connection, rows)
        judged = pull_counts(session, connection, rows, now)
    return tuple(_service(row, counts, judged) for row in rows)


def find_service(db: Database, service: ServiceKey, now: datetime | None = None) -> KnownService | None:
    """Return one service; None if it has not been seen, or is deleted. `now` as for `list_services`."""
    with db.read() as session:
        row = session.get(SeenService, service.primary)
        if row is None:
            return None
        counts = _counts(session, service.connection, [row])
        return _service(row, counts, pull_counts(session, service.connection, [row], now))


def last_seen(db: Database, service: ServiceKey) -> ContainerService | None:
    """Return a service as it was last seen, without what policies give it; None: not seen, or deleted."""
    with db.read() as session:
        facts = session.scalar(FACTS_OF, service.parameters)
    return None if facts is None else from_facts(facts)


def role_of(db: Database, service: ServiceKey) -> tuple[bool, str] | None:
    """Return whether a service's role is active, and its principal ARN, as last seen; None: not seen, or deleted."""
    with db.read() as session:
        rows = session.execute(ROLE_OF, service.parameters).one_or_none()
    return None if rows is None else (rows.role_active, rows.role_arn)


def with_active_role(
    db: Database, connection: str, services: Collection[tuple[str, str]]
) -> frozenset[tuple[str, str]]:
    """Return those of the services (Region and name) whose role is active, as last seen."""
    row = SeenService
    query = select(row.region, row.name).where(row.connection == connection, row.role_active)
    with db.read() as session:
        rows = session.execute(query.where(tuple_(row.region, row.name).in_(sorted(services)))).all()
    return frozenset((each.region, each.name) for each in rows)


def role_since(db: Database, service: ServiceKey) -> datetime | None:
    """Return since when a service's role has had its current principal ARN, as far as seen; None: not seen."""
    row = SeenService
    query = select(row.role_since).where(*service.of(row, row.name))
    with db.read() as session:
        return session.scalar(query)


def services_in(
    db: Database, connection: str, region: str, names: Collection[str] | None = None
) -> tuple[tuple[ContainerService, datetime], ...]:
    """Return the services of a Region, or those of these names, as they were last seen, and when."""
    row = SeenService
    query = select(row.facts, row.seen_at).where(row.connection == connection, row.region == region)
    if names is not None:
        query = query.where(row.name.in_(names))
    with db.read() as session:
        return tuple((from_facts(facts), seen_at) for facts, seen_at in session.execute(query))


def find_repository(db: Database, repository: RepositoryKey) -> KnownRepository | None:
    """Return one repository with its policy; None if it has not been seen, or is deleted."""
    with db.read() as session:
        row = session.get(SeenRepository, repository.primary)
        return known_repository(row) if row else None


def find_repositories(db: Database, connection: str, region: str, names: Iterable[str]) -> tuple[KnownRepository, ...]:
    """Return those of the named repositories that have been seen, with their policies."""
    with db.read() as session:
        return repositories_named(session, connection, region, names)


def repositories_named(
    session: Session, connection: str, region: str, names: Iterable[str]
) -> tuple[KnownRepository, ...]:
    """Return the same as `find_repositories`, within a session."""
    parameters = {"at_connection": connection, "at_region": region, "names": list(names)}
    return tuple(known_repository(row) for row in session.execute(NAMED, parameters))


def repository_uri(db: Database, repository: RepositoryKey) -> str:
    """Return the repository's URI from ECR, without a tag; "" if it has not been seen."""
    with db.read() as session:
        return session.scalar(URI_OF, repository.parameters) or ""


def is_named(part: str) -> ColumnElement[bool]:
    """Return the condition that a repository's name holds `part`, in capitals too: ECR's names have none."""
    return SeenRepository.name.contains(part.lower(), autoescape=True)


def policy_coverage(db: Database, connection: str, region: str) -> PolicyCoverage:
    """Return how many of a region's policies are known."""
    with db.read() as session:
        total, untried, oldest = session.execute(COVERAGE, {"at_connection": connection, "at_region": region}).one()
    return PolicyCoverage(total - untried, total, oldest)


def allowing(db: Database, connection: str, region: str, principal: str) -> frozenset[str]:
    """Return the repositories whose policy names the principal and lets it pull, as far as that policy decides."""
    row = PolicyPrincipal
    in_region = (row.connection == connection, row.region == region, row.principal == principal)
    with db.read() as session:
        return frozenset(session.scalars(select(row.repository).where(*in_region, row.access == Access.ALLOWED)))


def naming_service(db: Database, service: ServiceKey) -> tuple[str, ...]:
    """Return the repositories whose policy names a role of the service, its present one or an earlier one, by name."""
    row, seen = PolicyPrincipal, SeenService
    in_region = (row.connection == service.connection, row.region == service.region)
    with db.read() as session:
        roles = (
            session.execute(select(seen.role_arn, seen.general_arn).where(*service.of(seen, seen.name))).one_or_none()
            or ()
        )
        # Two queries, each with an index of its own.
        named = union(
            select(row.repository, row.principal).where(
                *in_region, row.principal.in_([role for role in roles if role])
            ),
            select(row.repository, row.principal).where(*service.of(row, row.service)),
        )
        rows = session.execute(named).all()
    return tuple(sorted({name for name, principal in rows if not is_namesakes(principal, roles)}))


def find_caller(db: Database, connection: str) -> tuple[CallerIdentity, datetime] | None:
    """Return the AWS caller identity when it was last read, and when that was."""
    with db.read() as session:
        row = session.execute(CALLER_OF, {"at_connection": connection}).one_or_none()
        return (CallerIdentity(row.account, row.arn), row.seen_at) if row else None


def known_repository(row: SeenRepository | Row[Any]) -> KnownRepository:
    """Return the row as a KnownRepository."""
    return KnownRepository(
        region=row.region,
        name=row.name,
        registry_id=row.registry_id,
        uri=row.uri,
        arn=row.arn,
        created_at=row.created_at,
        seen_at=row.seen_at,
        policy_text=row.policy_text,
        policy_read_at=row.policy_read_at,
        policy_tried_at=row.policy_tried_at,
        problem=Problem.from_json(row.policy_problem) if row.policy_problem else None,
    )


@dataclass(frozen=True)
class _Count:
    region: str
    service: str
    principal: str
    access: str
    repositories: int


class _Counts:
    """The counts, found by whom they are about."""

    def __init__(self, counts: Iterable[_Count]) -> None:
        self.by_principal: dict[tuple[str, str], list[_Count]] = defaultdict(list)
        self.by_service: dict[tuple[str, str], list[_Count]] = defaultdict(list)
        for count in counts:
            self.by_principal[count.region, count.principal].append(count)
            self.by_service[count.region, count.service].append(count)


def _counts(session: Session, connection: str, services: Sequence[SeenService]) -> _Counts:
    """Return how often policies name the services' roles, by what they give them."""
    row = PolicyPrincipal
    regions = {service.region for service in services}
    in_region = (row.connection == connection, row.region.in_(regions))
    names = {service.name for service in services}
    # A role whose path has its own service's name, as Lightsail's have, is found by that.
    roles = {service.role_arn for service in services if service.role_arn and not _is_by_path(service)}
    key = (row.region, row.service, row.principal, row.access)
    # Two questions, each answered by an index of its own alone; what the first finds, the second leaves out.
    by_path = select(*key, func.count()).where(*in_region, row.service.in_(names)).group_by(*key)
    by_role = (
        select(*key, func.count()).where(*in_region, row.principal.in_(roles), row.service.not_in(names)).group_by(*key)
    )
    counted = (*session.execute(by_path), *(session.execute(by_role) if roles else ()))
    return _Counts(_Count(*values) for values in counted)


def _is_by_path(service: SeenService) -> bool:
    role = service_of(service.role_arn)
    return role is not None and role.service == service.name


def _service(row: SeenService, counts: _Counts, judged: Mapping[tuple[str, str], int]) -> KnownService:
    by_role = counts.by_principal.get((row.region, row.role_arn), ())
    granted = [count for count in by_role if count.access == Access.ALLOWED]
    own = (row.role_arn, row.general_arn)
    by_path = counts.by_service.get((row.region, row.name), ())
    others = [count for count in by_path if count.principal != row.role_arn]
    stale_grants = [count for count in others if not is_namesakes(count.principal, own)]
    can_pull = judged.get((row.region, row.name), _sum(granted))
    return KnownService(from_facts(row.facts), row.seen_at, can_pull, _sum(stale_grants))


def _sum(counts: Iterable[_Count]) -> int:
    return sum(count.repositories for count in counts)

"""What is known of services and repositories, from our own tables alone. Must never write, nor ask AWS.

How many statements a question sends never depends on how much there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, bindparam, func, select, union
from sqlalchemy.orm import Session

from app.aws.ports import CallerIdentity, ContainerService
from app.db import Database
from app.errors import Problem
from app.inventory.models import ConnectionIdentity, PolicyPrincipal, SeenRepository, SeenService
from app.inventory.pull_counts import pull_counts
from app.inventory.service_json import from_facts
from app.policy.arns import is_namesakes
from app.policy.evaluate import Access


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

    `problem` is what kept the policy from being read at `policy_tried_at`, or from being understood.
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
        """None: nobody knows yet."""
        return None if self.policy_read_at is None else self.policy_text is not None


@dataclass(frozen=True)
class PolicyCoverage:
    """Of how many repositories of a region the policy was tried at least once, and when the longest ago."""

    tried: int
    total: int
    oldest_at: datetime | None

    @property
    def whole(self) -> bool:
        """Which repositories a service can pull from is known."""
        return self.tried == self.total


_THE_REPOSITORY = (
    SeenRepository.connection == bindparam("at_connection"),
    SeenRepository.region == bindparam("at_region"),
    SeenRepository.name == bindparam("at_name"),
)
URI_OF: Select[str] = select(SeenRepository.uri).where(*_THE_REPOSITORY)


def list_services(db: Database, connection: str, now: datetime | None = None) -> tuple[KnownService, ...]:
    """All services of a connection, by name, then region; `now` decides conditions on the date of a registry policy."""
    query = select(SeenService).where(SeenService.connection == connection).order_by(SeenService.name)
    with db.read() as session:
        rows = session.scalars(query.order_by(SeenService.region)).all()
        counts = _counts(session, connection, rows)
        judged = pull_counts(session, connection, rows, now)
    return tuple(_service(row, counts, judged) for row in rows)


def find_service(
    db: Database, connection: str, region: str, name: str, now: datetime | None = None
) -> KnownService | None:
    """One service; None when it has not been seen, or is gone. `now` as for `list_services`."""
    with db.read() as session:
        row = session.get(SeenService, (connection, region, name))
        if row is None:
            return None
        return _service(row, _counts(session, connection, [row]), pull_counts(session, connection, [row], now))


def role_of(db: Database, connection: str, region: str, name: str) -> tuple[bool, str] | None:
    """Whether a service's role is on, and its principal ARN, as it was seen last; None: not seen, or gone."""
    row = SeenService
    query = select(row.role_active, row.role_arn).where(
        row.connection == connection, row.region == region, row.name == name
    )
    with db.read() as session:
        rows = session.execute(query).one_or_none()
    return None if rows is None else (rows.role_active, rows.role_arn)


def role_since(db: Database, connection: str, region: str, name: str) -> datetime | None:
    """Return since when a service's role has had its present principal ARN, as far as was seen; None: not seen."""
    row = SeenService
    query = select(row.role_since).where(row.connection == connection, row.region == region, row.name == name)
    with db.read() as session:
        return session.scalar(query)


def find_repository(db: Database, connection: str, region: str, name: str) -> KnownRepository | None:
    """One repository with its policy; None when it has not been seen, or is gone."""
    with db.read() as session:
        row = session.get(SeenRepository, (connection, region, name))
        return known_repository(row) if row else None


def find_repositories(db: Database, connection: str, region: str, names: Iterable[str]) -> tuple[KnownRepository, ...]:
    """Those of the named repositories that have been seen, with their policies."""
    row = SeenRepository
    query = select(row).where(row.connection == connection, row.region == region, row.name.in_(list(names)))
    with db.read() as session:
        return tuple(known_repository(repository) for repository in session.scalars(query))


def repository_uri(db: Database, connection: str, region: str, name: str) -> str:
    """The URI that ECR told, without a tag; "" where the repository has not been seen."""
    with db.read() as session:
        return session.scalar(URI_OF, {"at_connection": connection, "at_region": region, "at_name": name}) or ""


def policy_coverage(db: Database, connection: str, region: str) -> PolicyCoverage:
    """How much of a region's policies is known."""
    row = SeenRepository
    query = select(func.count(row.policy_tried_at), func.count(), func.min(row.policy_tried_at))
    with db.read() as session:
        tried, total, oldest = session.execute(query.where(row.connection == connection, row.region == region)).one()
    return PolicyCoverage(tried, total, oldest)


def naming(db: Database, connection: str, region: str, principal: str) -> tuple[str, ...]:
    """The repositories whose policy names the principal anywhere, by name."""
    row = PolicyPrincipal
    query = select(row.repository).where(row.connection == connection, row.region == region, row.principal == principal)
    with db.read() as session:
        return tuple(session.scalars(query.order_by(row.repository)))


def naming_service(db: Database, connection: str, region: str, service: str) -> tuple[str, ...]:
    """Return the repositories whose policy names a role of the service, its present one or an earlier one, by name."""
    row, seen = PolicyPrincipal, SeenService
    is_it = (seen.connection == connection, seen.region == region, seen.name == service)
    conditions = (row.connection == connection, row.region == region)
    with db.read() as session:
        roles = session.execute(select(seen.role_arn, seen.general_arn).where(*is_it)).one_or_none() or ()
        # Two questions, each with an index of its own.
        named = union(
            select(row.repository, row.principal).where(
                *conditions, row.principal.in_([role for role in roles if role])
            ),
            select(row.repository, row.principal).where(*conditions, row.service == service),
        )
        rows = session.execute(named).all()
    return tuple(sorted({name for name, principal in rows if not is_namesakes(principal, roles)}))


def find_caller(db: Database, connection: str) -> tuple[CallerIdentity, datetime] | None:
    """Who AWS took us for when it was last asked."""
    with db.read() as session:
        row = session.get(ConnectionIdentity, connection)
        return (CallerIdentity(row.account, row.arn), row.seen_at) if row else None


def known_repository(row: SeenRepository) -> KnownRepository:
    """The row as it is handed out."""
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


def _counts(session: Session, connection: str, services: Sequence[SeenService]) -> tuple[_Count, ...]:
    """How often policies name the services' roles, by what they give them."""
    row = PolicyPrincipal
    regions = {service.region for service in services}
    conditions = (row.connection == connection, row.region.in_(regions))
    # Two questions, each with an index of its own; a principal that both find is counted once, by its key.
    by_role = row.principal.in_({service.role_arn for service in services})
    by_path = row.service.in_({service.name for service in services})
    key = (row.region, row.service, row.principal, row.access)
    both = union(*(select(*key, row.repository).where(*conditions, rows) for rows in (by_role, by_path))).subquery()
    grouped = select(both.c.region, both.c.service, both.c.principal, both.c.access, func.count())
    rows = session.execute(grouped.group_by(both.c.region, both.c.service, both.c.principal, both.c.access))
    return tuple(_Count(*values) for values in rows)


def _service(row: SeenService, counts: Iterable[_Count], judged: Mapping[tuple[str, str], int]) -> KnownService:
    in_region = [count for count in counts if count.region == row.region]
    granted = [each for each in in_region if each.principal == row.role_arn and each.access == Access.ALLOWED]
    own = (row.role_arn, row.general_arn)
    others = [each for each in in_region if each.service == row.name and each.principal != row.role_arn]
    stale_grants = [other for other in others if not is_namesakes(other.principal, own)]
    can_pull = judged.get((row.region, row.name), _sum(granted))
    return KnownService(from_facts(row.facts), row.seen_at, can_pull, _sum(stale_grants))


def _sum(counts: Iterable[_Count]) -> int:
    return sum(count.repositories for count in counts)

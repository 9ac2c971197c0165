"""Which repositories a service can pull from, as the console knows them: the Images page, `GET …/repositories`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.aws.ports import ContainerService
from app.bootstrap import Services
from app.console.access import AccessStatus, RepositoryRow, repository_row
from app.console.evidence import Evidence, evidence
from app.console.freshness import PartFailure, failures_of
from app.console.operations import running
from app.console.services import RoleView, role_view
from app.history import queries as history
from app.history.standing import standing_grants
from app.inventory import queries, sync_state
from app.inventory.access import LIMIT, RepositoryAccess, Tie, repositories_of
from app.inventory.queries import KnownRepository
from app.inventory.sync_state import Reading, What
from app.operations.progress import Progress
from app.policy.verdict import Access as Verdict
from app.wording import N_, Message

TAKEN_AWAY = N_("This access was added with Sailpass and removed outside Sailpass. Repair access adds it again.")
# Parts of a Region whose failures concern the list.
SHOWN = (What.REPOSITORIES, What.POLICIES, What.REGISTRY)


@dataclass(frozen=True)
class PoliciesRead:
    """How many of the region's policies are known: `read` of `total`, the oldest read at `oldest_at`.

    `listing` False: IAM denies listing repositories, so `total` counts only those known by name. `listed` False: they
    have not been listed yet, so there may be more.
    """

    read: int = 0
    total: int = 0
    oldest_at: datetime | None = None
    listing: bool = True
    listed: bool = True

    @property
    def whole(self) -> bool:
        """Whether every policy has been read at least once."""
        return self.listed and self.read >= self.total


@dataclass(frozen=True)
class ServiceRepositories:
    """The repositories that a service can pull from or whose policy names it, from the console's own store.

    `running`: the live operations of the service, those on its role too. `failures`: the parts of the region that could
    not be read. `evidence`: what the verdicts are based on, beside the repository policies. `left_out`: how many more
    repositories have a policy that may concern the service, and are not checked.
    """

    repositories: tuple[RepositoryRow, ...]
    role: RoleView
    policies: PoliciesRead
    running: tuple[Progress, ...] = ()
    failures: tuple[PartFailure, ...] = ()
    evidence: Evidence | None = None
    left_out: int = 0

    @property
    def repairable(self) -> int:
        """How many rows Repair access would fix."""
        return sum(row.repairable for row in self.repositories)


def service_repositories(services: Services, region: str, name: str) -> ServiceRepositories:
    """Return what the service can pull from, and start a background read of whatever is old."""
    return repositories_of_seen(
        services, region, name, queries.last_seen(services.db, services.service_key(region, name))
    )


def repositories_of_seen(
    services: Services, region: str, name: str, service: ContainerService | None
) -> ServiceRepositories:
    """Return the same of a service that was looked up already; None: it was not seen, or is deleted."""
    for what in (What.SERVICES, What.REPOSITORIES, What.POLICIES, What.REGISTRY):
        services.scanner.request(region, what)
    live = running(services, region, name)
    reads = {read.what: read for read in sync_state.readings(services.db, services.connection) if read.region == region}
    rows, left_out = _rows(services, service, live) if service else ((), 0)
    return ServiceRepositories(
        repositories=rows,
        role=role_view(service, live),
        policies=_policies(services, region, reads),
        running=live,
        failures=failures_of(read for what, read in reads.items() if what in SHOWN),
        evidence=evidence(services, region),
        left_out=left_out,
    )


def find_row(services: Services, region: str, service: str, repository: str) -> RepositoryRow | None:
    """Return one repository as the service's list shows it; None if its policy doesn't name the service."""
    known_service = queries.last_seen(services.db, services.service_key(region, service))
    if known_service is None:
        return None
    rows = repositories_of(services.db, services.connection, known_service, now=services.clock.now()).rows
    return next((repository_row(row) for row in rows if row.repository.name == repository), None)


def _policies(services: Services, region: str, reads: Mapping[What, Reading]) -> PoliciesRead:
    coverage = queries.policy_coverage(services.db, services.connection, region)
    listed = reads.get(What.REPOSITORIES)
    refused = listed is not None and listed.problem is not None and listed.problem.code == "aws.access_denied"
    is_known = refused or (listed is not None and listed.succeeded_at is not None)
    return PoliciesRead(coverage.tried, coverage.total, coverage.oldest_at, listing=not refused, listed=is_known)


def _rows(
    services: Services, service: ContainerService, live: tuple[Progress, ...]
) -> tuple[tuple[RepositoryRow, ...], int]:
    """Return the repositories by name, and how many are left out."""
    listed = repositories_of(services.db, services.connection, service, now=services.clock.now())
    added = history.last_grants(services.db, services.service_key(service.region, service.name))
    at_work = {progress.repository: progress for progress in live}
    rows = [
        repository_row(row, added.get(row.repository.name), at_work.get(row.repository.name))
        for row in listed.rows
        if _belongs(row)
    ]
    shown = {row.name for row in rows} | at_work.keys()
    gone = _without_access(services, service, added.keys() - shown)
    rows += (_taken_away(repository, added) for repository in gone)
    return tuple(sorted(rows, key=lambda row: row.name)), listed.left_out


def _without_access(services: Services, service: ContainerService, absent: set[str]) -> tuple[KnownRepository, ...]:
    """Those of the repositories whose access was taken away by somebody else, as their policies were read since.

    `absent`: access to them was added here, and they aren't among the rows.
    """
    if not absent:
        return ()
    key = services.service_key(service.region, service.name)
    # The rows are some of the repositories whose policies name the service; the others haven't lost their access.
    absent = absent - set(queries.naming_service(services.db, key))
    given = standing_grants(services.db, key, absent if len(absent) <= LIMIT else None) if absent else {}
    names = sorted(given.keys() & absent)[:LIMIT]
    held = queries.find_repositories(services.db, services.connection, service.region, names) if names else ()
    return tuple(
        repository
        for repository in held
        if repository.problem is None
        and repository.policy_read_at is not None
        and repository.policy_read_at > given[repository.name]
    )


def _taken_away(repository: KnownRepository, added: Mapping[str, history.LastGrant]) -> RepositoryRow:
    last = added[repository.name]
    return RepositoryRow(
        name=repository.name,
        uri=repository.uri,
        access=AccessStatus.NOT_ALLOWED,
        reason=Message(TAKEN_AWAY),
        by_name=False,
        repairable=True,
        added_at=last.at,
        added_by=last.by,
        read_at=repository.policy_read_at,
    )


def _belongs(row: RepositoryAccess) -> bool:
    """Return whether the row says something about this service, and not only about everyone."""
    if row.tie in (Tie.ROLE, Tie.OWN):
        return True
    # A condition for everyone, such as an organization, is hardly ever met by a role of Lightsail's own account.
    return row.verdict is not None and row.verdict.access is Verdict.ALLOWED

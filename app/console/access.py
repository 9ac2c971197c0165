"""Which repositories a service can pull from, and checks before a change of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.aws.ports import ContainerService
from app.bootstrap import Services
from app.console.evidence import Evidence, decided_by_registry, evidence
from app.console.freshness import PartFailure, failure
from app.console.operations import running
from app.console.previews import plan
from app.console.services import RoleView, get_service, role_view
from app.errors import Problem
from app.history import queries as history
from app.history.standing import standing_grants
from app.inventory import queries, sync_state
from app.inventory.access import LIMIT, RepositoryAccess, Tie, repositories_of
from app.inventory.queries import KnownRepository
from app.inventory.sync_state import Reading, What
from app.keys import AccessTarget
from app.operations.progress import Progress
from app.operations.state import Kind
from app.policy import messages
from app.policy.evaluate import Access as Verdict
from app.policy.finding import Finding
from app.wording import N_, Message


class AccessStatus(StrEnum):
    """Our verdict on a service's access to a repository."""

    ALLOWED = "allowed"
    CONDITIONAL = "conditional"  # a condition of the policy decides at the time of the pull
    PARTLY = "partly"  # one of the two actions only
    DENIED = "denied"  # named, but explicitly denied
    WRONG_ROLE = "wrong_role"  # the service's general principal is named instead of its image puller role
    STALE = "stale"  # names an earlier role of this service, which is deleted
    INACTIVE = "role_inactive"  # the policy is right, the role is inactive
    NOT_ALLOWED = "not_allowed"  # nothing in the policy is about this service
    UNREAD = "unread"  # the policy has not been read yet
    UNREADABLE = "unreadable"  # AWS denies reading it, or it is not a policy


TAKEN_AWAY = N_("This access was added with Sailpass and removed outside Sailpass. Repair access adds it again.")
REPAIRABLE = (AccessStatus.WRONG_ROLE, AccessStatus.STALE, AccessStatus.PARTLY, AccessStatus.INACTIVE)
PARTS = {
    What.REPOSITORIES: N_("Repositories of %(region)s"),
    What.POLICIES: N_("Repository policies of %(region)s"),
    What.REGISTRY: N_("Registry policy of %(region)s"),
}
# Findings about a service's own principals, by the status that the row shows for them.
STRAYS = {
    "finding.general_role": AccessStatus.WRONG_ROLE,
    "finding.stale_role": AccessStatus.STALE,
    "finding.deleted_principal": AccessStatus.STALE,
    "finding.inactive_role": AccessStatus.INACTIVE,
}


@dataclass(frozen=True)
class RepositoryRow:
    """One repository that the service can pull from, or whose policy names it.

    `by_registry`: the registry policy decides, which only a person can change. `by_name`: the policy names the role, so
    Remove can take something away. `repairable`: Repair access would fix it.
    `running`: the live operation on it. `read_at`: when its policy was read.
    """

    name: str
    uri: str
    access: AccessStatus
    reason: Message | None = None
    by_name: bool = True
    by_registry: bool = False
    repairable: bool = False
    added_at: datetime | None = None
    added_by: str = ""
    read_at: datetime | None = None
    problem: Problem | None = None
    running: Progress | None = None


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
    for what in (What.SERVICES, What.REPOSITORIES, What.POLICIES, What.REGISTRY):
        services.scanner.request(region, what)
    service = queries.last_seen(services.db, services.service_key(region, name))
    live = running(services, region, name)
    reads = {read.what: read for read in sync_state.readings(services.db, services.connection) if read.region == region}
    failures = (failure(read, _part(read)) for what, read in reads.items() if what in PARTS)
    rows, left_out = _rows(services, service, live) if service else ((), 0)
    return ServiceRepositories(
        repositories=rows,
        role=role_view(service, live),
        policies=_policies(services, region, reads),
        running=live,
        failures=tuple(problem for problem in failures if problem),
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


def _part(read: Reading) -> Message:
    return Message(PARTS[read.what], {"region": read.region})


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


def repository_row(
    row: RepositoryAccess, added: history.LastGrant | None = None, live: Progress | None = None
) -> RepositoryRow:
    """Return one repository as the table shows it."""
    access, reason = judge(row)
    return RepositoryRow(
        name=row.repository.name,
        uri=row.repository.uri,
        access=access,
        reason=reason,
        by_name=row.tie in (Tie.ROLE, Tie.OWN),
        by_registry=decided_by_registry(row.verdict),
        repairable=access in REPAIRABLE,
        added_at=added.at if added else None,
        added_by=added.by if added else "",
        read_at=row.repository.policy_read_at,
        problem=row.repository.problem,
        running=live,
    )


def judge(row: RepositoryAccess) -> tuple[AccessStatus, Message | None]:
    """Return our verdict and its reason: first what AWS lets us read, then what can pull, then what only seems to."""
    verdict = row.verdict
    if row.repository.policy_read_at is None:
        return (AccessStatus.UNREADABLE if row.repository.problem else AccessStatus.UNREAD), None
    if row.repository.problem is not None and verdict is None:
        return AccessStatus.UNREADABLE, None
    stray = next((finding for finding in row.findings if finding.code in STRAYS), None)
    if verdict is not None and verdict.access is not Verdict.NOT_ALLOWED:
        return AccessStatus(verdict.access), Message(messages.WORDS[verdict.code], verdict.params)
    if stray is not None:
        return STRAYS[stray.code], said(stray)
    if verdict is not None and row.tie is Tie.ROLE:
        return AccessStatus.PARTLY, Message(messages.WORDS[verdict.code], verdict.params)
    return AccessStatus.NOT_ALLOWED, Message(messages.WORDS[verdict.code], verdict.params) if verdict else None


def said(finding: Finding) -> Message:
    """Return a finding as a sentence."""
    return Message(messages.WORDS[finding.code], finding.params)


async def check_removable(services: Services, target: AccessTarget) -> None:
    """Check that access can be removed: the service exists, or the repository policy still names it.

    Raises:
        Problem: `service.not_found` if neither is true; or why it could not be found out.
    """
    region, name, _ = target
    try:
        await get_service(services, region, name)
    except Problem as problem:
        if problem.code != "service.not_found":
            raise
        planned, _ = await plan(services, Kind.REVOKE, target)
        if not planned.change.needed:
            raise

"""Fills the Images tab: which repositories a service can pull from, its role, and how much of the region is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.aws.ports import ContainerService
from app.bootstrap import Services
from app.console.freshness import failure
from app.console.operations import running
from app.console.services import role_view
from app.history import queries as history
from app.inventory import queries, sync_state
from app.inventory.access import RepositoryAccess, Tie, repositories_of
from app.inventory.sync_state import Reading, What
from app.operations.progress import Progress
from app.policy import messages
from app.policy.evaluate import Access as Verdict
from app.policy.finding import Finding
from app.web.pages_images import Access, ImagesPage, NextSteps, PoliciesRead, RepositoryRow
from app.web.pages_service import Tab
from app.web.show import frame
from app.wording import N_, Said

REPAIRABLE = (Access.WRONG_ROLE, Access.STALE, Access.PARTLY, Access.INACTIVE)
PARTS = {
    What.REPOSITORIES: N_("Repositories of %(region)s"),
    What.POLICIES: N_("Repository policies of %(region)s"),
}
# Findings that tell what is wrong with a service's own principals, by what the row shows for them.
STRAYS = {
    "finding.general_role": Access.WRONG_ROLE,
    "finding.stale_role": Access.STALE,
    "finding.deleted_principal": Access.STALE,
    "finding.inactive_role": Access.INACTIVE,
}


def images_page(services: Services, region: str, name: str, now: datetime, added: NextSteps | None) -> ImagesPage:
    """The whole tab, from our own tables; what is old is asked for behind it."""
    for what in (What.REPOSITORIES, What.POLICIES):
        services.scanner.request(region, what)
    head = frame.service_frame(services, region, name, Tab.IMAGES, now)
    live = running(services, region, name)
    reads = {read.what: read for read in sync_state.readings(services.db, services.connection) if read.region == region}
    failures = (failure(read, _part(read)) for read in reads.values() if read.what is not What.SERVICES)
    return ImagesPage(
        frame=head,
        repositories=_rows(services, head.service, live) if head.service else (),
        role=role_view(head.service, live),
        policies=_policies(services, region, reads),
        next_steps=added,
        running=live,
        failures=tuple(found for found in failures if found),
    )


def _part(read: Reading) -> Said:
    return Said(PARTS[read.what], {"region": read.region})


def _policies(services: Services, region: str, reads: Mapping[What, Reading]) -> PoliciesRead:
    coverage = queries.policy_coverage(services.db, services.connection, region)
    listed = reads.get(What.REPOSITORIES)
    refused = listed is not None and listed.problem is not None and listed.problem.code == "aws.access_denied"
    known = refused or (listed is not None and listed.succeeded_at is not None)
    return PoliciesRead(coverage.tried, coverage.total, coverage.oldest_at, listing=not refused, listed=known)


def _rows(services: Services, service: ContainerService, live: tuple[Progress, ...]) -> tuple[RepositoryRow, ...]:
    found = repositories_of(services.db, services.connection, service, now=services.clock.now())
    added = history.last_grants(services.db, services.connection, service.region, service.name)
    at_work = {progress.repository: progress for progress in live}
    return tuple(
        repository_row(row, added.get(row.repository.name), at_work.get(row.repository.name))
        for row in sorted(found.rows, key=lambda row: row.repository.name)
        if _belongs(row)
    )


def _belongs(row: RepositoryAccess) -> bool:
    """Whether the row says something about this service, and not only about everyone."""
    if row.tie in (Tie.ROLE, Tie.OWN):
        return True
    # A condition for everyone, such as an organization, is hardly ever met by a role of Lightsail's own account.
    return row.verdict is not None and row.verdict.access is Verdict.ALLOWED


def repository_row(
    row: RepositoryAccess, added: history.LastGrant | None = None, live: Progress | None = None
) -> RepositoryRow:
    """One repository as the table shows it."""
    access, reason = judge(row)
    return RepositoryRow(
        name=row.repository.name,
        uri=row.repository.uri,
        access=access,
        reason=reason,
        by_name=row.tie in (Tie.ROLE, Tie.OWN),
        repairable=access in REPAIRABLE,
        added_at=added.at if added else None,
        added_by=added.by if added else "",
        read_at=row.repository.policy_read_at,
        problem=row.repository.problem,
        running=live,
    )


def judge(row: RepositoryAccess) -> tuple[Access, Said | None]:
    """Our verdict and its reason: first what AWS lets us see, then what pulls, then what only looks as if it did."""
    verdict = row.verdict
    if row.repository.policy_read_at is None:
        return (Access.UNREADABLE if row.repository.problem else Access.UNREAD), None
    if row.repository.problem is not None and verdict is None:
        return Access.UNREADABLE, None
    stray = next((finding for finding in row.findings if finding.code in STRAYS), None)
    if verdict is not None and verdict.access is not Verdict.NOT_ALLOWED:
        return Access(verdict.access), Said(messages.WORDS[verdict.code], verdict.params)
    if stray is not None:
        return STRAYS[stray.code], said(stray)
    if verdict is not None and row.tie is Tie.ROLE:
        return Access.PARTLY, Said(messages.WORDS[verdict.code], verdict.params)
    return Access.NOT_ALLOWED, Said(messages.WORDS[verdict.code], verdict.params) if verdict else None


def said(finding: Finding) -> Said:
    """A finding as a sentence to be said."""
    return Said(messages.WORDS[finding.code], finding.params)

"""A service's access to one repository: the verdict with its reason, and whether it can be removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.bootstrap import Services
from app.console.evidence import decided_by_registry
from app.console.previews import plan
from app.console.services import get_service
from app.errors import Problem
from app.history import queries as history
from app.inventory.access import RepositoryAccess, Tie
from app.keys import AccessTarget
from app.operations.progress import Progress
from app.operations.state import Kind
from app.policy import messages
from app.policy.finding import Finding
from app.policy.verdict import Access as Verdict
from app.wording import Message


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


REPAIRABLE = (AccessStatus.WRONG_ROLE, AccessStatus.STALE, AccessStatus.PARTLY, AccessStatus.INACTIVE)
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

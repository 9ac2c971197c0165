"""Who can pull: from which repositories a principal, typed or pasted, can pull by the policies we know."""

from __future__ import annotations

from dataclasses import dataclass

from app.bootstrap import Services
from app.console.findings import Knowledge, knowledge
from app.errors import Problem
from app.findings import queries as findings
from app.inventory.principal_access import PrincipalAccess, PrincipalAnswer, clean_principal, repositories_for
from app.policy.messages import WORDS
from app.policy.verdict import Access
from app.wording import N_, Message

UNREADABLE = N_("The policy can't be read.")


@dataclass(frozen=True)
class PullRow:
    """One repository: `access` None where the policy can't be understood."""

    region: str
    repository: str
    access: Access | None
    reason: Message


@dataclass(frozen=True)
class WhoCanPull:
    """What was asked, and the answer; `answer` None where nothing was asked, or for the reason in `problem`."""

    query: str
    knowledge: Knowledge
    answer: PrincipalAnswer | None = None
    rows: tuple[PullRow, ...] = ()
    problem: Problem | None = None


def who_can_pull(services: Services, query: str) -> WhoCanPull:
    """Return from where the principal can pull; with nothing asked, nothing. A principal that is none is a `problem`."""
    now = services.clock.now()
    findings_known = knowledge(services, findings.count_findings(services.db, services.connection, now))
    if not query.strip():
        return WhoCanPull("", findings_known)
    try:
        principal = clean_principal(query)
    except Problem as problem:
        return WhoCanPull(query, findings_known, problem=problem)
    answer = repositories_for(services.db, services.connection, principal, now)
    return WhoCanPull(query.strip(), findings_known, answer, tuple(map(_row, answer.rows)))


def _row(row: PrincipalAccess) -> PullRow:
    if row.verdict is None:
        return PullRow(row.region, row.repository, None, Message(UNREADABLE))
    reason = Message(WORDS[row.verdict.code], row.verdict.params)
    return PullRow(row.region, row.repository, row.verdict.access, reason)

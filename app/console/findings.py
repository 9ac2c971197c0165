"""Findings about access, with what repairs each, and what isn't known yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from app.as_code.grant import ROLE_PROPERTY_YAML
from app.bootstrap import Services
from app.console.freshness import Freshness, PartFailure, failures_of, freshness, together
from app.findings import queries as findings
from app.findings.check import LIMIT, check_due
from app.findings.check_services import LIMIT as SERVICES_LIMIT
from app.findings.check_services import check_due_services
from app.findings.finding import Repair
from app.findings.messages import sentence_of, todo_of
from app.findings.queries import FindingCounts, FindingCursor, FindingFilter, ListedFinding
from app.inventory import sync_state
from app.inventory.sync_state import What
from app.wording import Message

# What an answer judges itself where something has just changed; the rest is judged in the background.
JUDGED_AT_ONCE = 20
# What has to be read once before anything is known: nothing tells that it isn't complete.
LISTED = (What.SERVICES, What.REPOSITORIES)
# What most findings go by, so that its oldest part is their age.
JUDGED_BY = (*LISTED, What.POLICIES)
# Lines of a template that put a finding right.
LINES = dict.fromkeys(("finding.stack_deactivates", "finding.stack_may_deactivate"), ROLE_PROPERTY_YAML)


@dataclass(frozen=True)
class FindingRow:
    """A finding in words. `service` is the one that an operation of `repair` is started for, "" where it is for none.

    `lines`: what to add to a template, "" for nothing.
    """

    listed: ListedFinding
    what: Message
    todo: Message
    repair: Repair = Repair.NONE
    service: str = ""
    lines: str = ""


@dataclass(frozen=True)
class Knowledge:
    """How much findings go by: what isn't known is never called fine.

    `never_read`: no part of AWS has been read yet. `unread` repositories have a policy that was not read yet, `outdated`
    ones one that could not be read at the last try, `due` ones are being judged. Of `unknown_images` that services deploy
    nobody knows whether ECR has them. `failures` are the parts that could not be read. `freshness` is the age of what
    findings go by.
    """

    unread: int
    due: int
    never_read: bool
    failures: tuple[PartFailure, ...] = ()
    unknown_images: int = 0
    outdated: int = 0
    freshness: Freshness | None = None

    @property
    def whole(self) -> bool:
        """Everything has been read and judged."""
        unknown = self.unread or self.outdated or self.due or self.unknown_images
        return not (unknown or self.never_read or self.failures)


@dataclass(frozen=True)
class FindingsAnswer:
    """One page of findings, the worst first."""

    rows: tuple[FindingRow, ...]
    counts: FindingCounts
    knowledge: Knowledge
    next: FindingCursor | None = None


def settle(services: Services) -> None:
    """Judge what has just changed, so that an answer shows it; never more than a few repositories."""
    check_due(services.db, services.connection, services.clock.now(), limit=JUDGED_AT_ONCE)
    check_due_services(services.db, services.connection, services.clock.now())


def settle_all(services: Services) -> None:
    """Judge all that is due: where no server keeps findings up to date, everything that was just read."""
    db, connection = services.db, services.connection
    while check_due(db, connection, services.clock.now()) == LIMIT:
        pass
    while check_due_services(db, connection, services.clock.now()) == SERVICES_LIMIT:
        pass


def list_findings(services: Services, criteria: FindingFilter, after: FindingCursor | None = None) -> FindingsAnswer:
    """Return one page of the findings that fit, and how much they go by."""
    settle(services)
    now = services.clock.now()
    page = findings.list_findings(services.db, services.connection, criteria, now, after=after)
    counts = findings.count_findings(services.db, services.connection, now)
    return FindingsAnswer(rows_of(page.rows), counts, knowledge(services, counts), page.next)


def findings_of(services: Services, region: str, repository: str) -> tuple[FindingRow, ...]:
    """Return the findings of one repository, the worst first."""
    now = services.clock.now()
    return rows_of(findings.findings_of(services.db, services.repository_key(region, repository), now))


def find_finding(services: Services, finding_id: str) -> FindingRow:
    """Return one finding. Raises Problem `finding.not_found`."""
    listed = findings.find_finding(services.db, services.connection, finding_id, services.clock.now())
    return rows_of([listed])[0]


def rows_of(listed: Iterable[ListedFinding]) -> tuple[FindingRow, ...]:
    """Return the findings in words, each with the service for which its repair is started.

    Dead principals are removed from the policy as a whole: that is an operation of the repository, for no service.
    """
    return tuple(_row(row) for row in listed)


def knowledge(services: Services, counts: FindingCounts) -> Knowledge:
    """Return how much of the configured Regions is known."""
    for region in services.regions:
        for what in What:
            services.scanner.request(region, what)
    reads = [read for read in sync_state.readings(services.db, services.connection) if read.region in services.regions]
    listed = {(read.region, read.what) for read in reads if read.succeeded_at is not None}
    never_read = any((region, what) not in listed for region in services.regions for what in LISTED)
    now = services.clock.now()
    age = together([freshness(read, now) for read in reads if read.what in JUDGED_BY], now)
    # Its end changes nothing that is shown, so a page would show for ever that it is being read.
    age = replace(age, reading=False)
    return Knowledge(
        counts.unread, counts.due, never_read, failures_of(reads), counts.unknown_images, counts.outdated, age
    )


def count_open(services: Services, now: datetime) -> int:
    """Return how many errors and warnings are not dismissed."""
    return findings.count_open(services.db, services.connection, now)


def _row(row: ListedFinding) -> FindingRow:
    finding = row.finding
    can_repair = bool(finding.service) or finding.repair is Repair.PRUNE
    return FindingRow(
        row,
        Message(sentence_of(finding.code), finding.params),
        Message(todo_of(finding.code, finding.repair), finding.params),
        finding.repair if can_repair else Repair.NONE,
        finding.service if finding.repair is Repair.REPAIR else "",
        LINES.get(finding.code, ""),
    )

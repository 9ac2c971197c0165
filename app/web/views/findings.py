"""The list of findings, and the dialog that dismisses one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.bootstrap import Services
from app.console.findings import FindingRow, FindingsAnswer, find_finding, list_findings
from app.errors import Problem
from app.findings.dismissals import DAYS
from app.findings.queries import FindingCursor, FindingFilter
from app.policy.finding import Severity
from app.web import links
from app.web.views.base import DialogView, View
from app.wording import N_, Message


@dataclass(frozen=True)
class FindingsPage(View):
    """GET /findings?severity=…&region=…&q=…&dismissed=…&cursor=…; `partial` is the list alone."""

    page: ClassVar[str] = "pages/findings.html"
    partial: ClassVar[str] = "partials/findings_list.html"

    answer: FindingsAnswer
    filter: FindingFilter
    regions: tuple[str, ...]
    now: datetime
    is_first: bool

    @property
    def narrowed(self) -> bool:
        """The reader filters, so that an empty list doesn't mean that nothing was found."""
        chosen = self.filter
        return bool(chosen.severity or chosen.region or chosen.name or chosen.dismissed)

    @property
    def query(self) -> dict[str, str]:
        """The filter as query parameters."""
        chosen = self.filter
        dismissed = {"dismissed": "1"} if chosen.dismissed else {}
        return {"severity": chosen.severity, "region": chosen.region, "q": chosen.name, **dismissed}

    @property
    def first_url(self) -> str:
        """The address of the first page, "" on it."""
        return "" if self.is_first else links.findings(**self.query)

    @property
    def next_url(self) -> str:
        """The address of the next page, "" at the end."""
        return links.findings(**self.query, cursor=self.answer.next.to_text()) if self.answer.next else ""

    def severities(self) -> list[tuple[Severity, int]]:
        """Each severity, and how many findings of it are open."""
        counts = self.answer.counts.by_severity
        return [(severity, counts.get(severity, 0)) for severity in Severity]


@dataclass(frozen=True)
class DismissDialog(DialogView):
    """Asks why a finding is no problem, and for how long; `problem` is what was wrong with the last answer."""

    partial: ClassVar[str] = "partials/dismiss_dialog.html"

    heading: Message
    row: FindingRow
    action: str
    back: str
    reason: str = ""
    days: int = 30
    problem: Problem | None = None
    choices: tuple[int, ...] = DAYS


def findings_page(services: Services, criteria: FindingFilter, cursor: str, now: datetime) -> FindingsPage:
    """Return one page of the findings that fit. Raises Problem for a cursor that is none."""
    after = FindingCursor.from_text(cursor) if cursor else None
    answer = list_findings(services, criteria, after)
    return FindingsPage(answer, criteria, services.regions, now, is_first=after is None)


def dismiss_dialog(
    services: Services,
    finding_id: str,
    back: str,
    *,
    reason: str = "",
    days: int = 30,
    problem: Problem | None = None,
) -> DismissDialog:
    """Return the dialog; `back` is the page it was opened on. Raises Problem `finding.not_found`."""
    row = find_finding(services, finding_id)
    action = links.finding(finding_id, "dismiss")
    heading = Message(N_("Dismiss finding"))
    return DismissDialog(heading, row, action, back, reason, days, problem)

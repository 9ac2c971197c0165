"""The log of a deployment: lines of one container, a filter, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from app.console.deployment_log import DeploymentLog, LogQuestion
from app.deployments.log import LogGap
from app.errors import Problem
from app.web import links
from app.web.views.base import View
from app.wording import N_, Message

GAPS: Final = {
    LogGap.NO_LINES: N_("Lightsail has no lines from this time."),
    LogGap.NO_MATCH: N_("No line contains this text. Upper and lower case differ."),
    LogGap.NONE_YET: N_("No lines so far. Choose Next lines to continue."),
    LogGap.NO_MORE: N_("There are no more lines."),
    LogGap.NOT_STARTED: N_("The container itself wrote nothing. All of these lines are from Lightsail."),
    LogGap.EXPIRED: N_("Lightsail keeps logs for 3 days. The lines of this version are gone."),
    LogGap.PARTLY_EXPIRED: N_("Lightsail keeps logs for 3 days. Older lines are gone."),
}
MINUTES: Final = (10, 60)


@dataclass(frozen=True)
class DeploymentLogPage(View):
    """GET …/deployments/{version}/log; the partial where a version is opened on the Deployments tab."""

    page: ClassVar[str] = "pages/deployment_log.html"
    partial: ClassVar[str] = "partials/deployment_log.html"

    region: str
    service: str
    question: LogQuestion
    log: DeploymentLog | None = None
    problem: Problem | None = None
    minutes: tuple[int, ...] = field(default=MINUTES, init=False)

    @property
    def gap(self) -> Message | None:
        """What is missing."""
        return Message(GAPS[self.log.gap]) if self.log and self.log.gap in GAPS else None

    @property
    def url(self) -> str:
        """Where the log is, unfiltered."""
        return links.deployment_log(self.region, self.service, self.question.version)

    @property
    def more(self) -> str:
        """Where the lines after these are; "" if there are none."""
        return self._link(self.log.next) if self.log and self.log.next else ""

    @property
    def first(self) -> str:
        """Where the first lines are; "" on that page."""
        return self._link("") if self.question.after else ""

    def _link(self, after: str) -> str:
        question = self.question
        return links.deployment_log(
            self.region,
            self.service,
            question.version,
            container=self.log.container if self.log else question.container,
            text=question.text,
            minutes=question.minutes,
            after=after,
        )

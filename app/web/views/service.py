"""A service's Overview and Deployments tabs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.bootstrap import Services
from app.console.freshness import is_slow
from app.console.operations import running
from app.console.services import Deployments, summarize
from app.inventory import queries
from app.operations.progress import Progress
from app.web.views import frame
from app.web.views.base import View
from app.web.views.frame import ServiceFrame, Tab


@dataclass(frozen=True)
class OverviewPage(View):
    """GET /containers/{region}/{service}; polled (`partial`) while it is being read or an operation is running."""

    page: ClassVar[str] = "pages/service_overview.html"
    partial: ClassVar[str] = "partials/overview_body.html"

    frame: ServiceFrame
    repositories: int | None = None
    running: tuple[Progress, ...] = ()

    @property
    def polls(self) -> bool:
        """Whether something on this page may change without the reader."""
        return self.frame.freshness.reading or bool(self.running)


@dataclass(frozen=True)
class DeploymentsPage(View):
    """GET /containers/{region}/{service}/deployments, newest first; `partial` once more if AWS was slow."""

    page: ClassVar[str] = "pages/service_deployments.html"
    partial: ClassVar[str] = "partials/deployments_body.html"

    frame: ServiceFrame
    answer: Deployments

    @property
    def slow(self) -> bool:
        """Whether AWS took too long."""
        return is_slow(self.answer.problem)


def overview_page(services: Services, region: str, name: str, now: datetime) -> OverviewPage:
    """Return a service's Overview tab."""
    known_service = queries.find_service(services.db, services.service_key(region, name), now)
    summary = summarize(services, known_service) if known_service else None
    return OverviewPage(
        frame=frame.service_frame(services, region, name, Tab.OVERVIEW, now),
        repositories=summary.can_pull if summary else None,
        running=summary.running if summary else running(services, region, name),
    )


def deployments_page(services: Services, region: str, name: str, now: datetime, answer: Deployments) -> DeploymentsPage:
    """Return a service's Deployments tab."""
    return DeploymentsPage(frame.service_frame(services, region, name, Tab.DEPLOYMENTS, now), answer)

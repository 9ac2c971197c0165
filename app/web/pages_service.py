"""The Containers page and a service's Overview, Deployments and History tabs. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from app.aws.ports import ContainerService
from app.console.freshness import Freshness, PartFailure, is_slow
from app.console.services import Deployments, ServiceSummary
from app.errors import Problem
from app.operations.progress import Progress
from app.web.pages import View


class Tab(StrEnum):
    """The tabs of a service, by the last part of their address; the overview has none."""

    OVERVIEW = ""
    DEPLOYMENTS = "deployments"
    IMAGES = "images"
    HISTORY = "history"


@dataclass(frozen=True)
class ContainersPage(View):
    """GET /containers: every service of every configured region, filtered by `query` (GET field `q`).

    `total` counts the services before filtering. `failures` names regions that could not be read.
    """

    page: ClassVar[str] = "pages/containers.html"
    partial: ClassVar[str] = "partials/service_list.html"

    services: tuple[ServiceSummary, ...]
    total: int
    regions: tuple[str, ...]
    freshness: Freshness
    query: str = ""
    failures: tuple[PartFailure, ...] = ()


@dataclass(frozen=True)
class ServiceFrame:
    """The head of each tab. `service` is None while AWS has not told about it yet; `problem` says why, if AWS refused."""

    region: str
    name: str
    tab: Tab
    freshness: Freshness
    service: ContainerService | None = None
    problem: Problem | None = None


@dataclass(frozen=True)
class OverviewPage(View):
    """GET /containers/{region}/{service}; polled (`partial`) while it is being read or something is running."""

    page: ClassVar[str] = "pages/service_overview.html"
    partial: ClassVar[str] = "partials/overview_body.html"

    frame: ServiceFrame
    repositories: int | None = None
    running: tuple[Progress, ...] = ()

    @property
    def polls(self) -> bool:
        """Something on this page is changing by itself."""
        return self.frame.freshness.reading or bool(self.running)


@dataclass(frozen=True)
class DeploymentsPage(View):
    """GET /containers/{region}/{service}/deployments, newest first; `partial` once more where AWS was slow."""

    page: ClassVar[str] = "pages/service_deployments.html"
    partial: ClassVar[str] = "partials/deployments_body.html"

    frame: ServiceFrame
    answer: Deployments

    @property
    def slow(self) -> bool:
        """AWS kept the page waiting."""
        return is_slow(self.answer.problem)

"""The list of container services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.bootstrap import Services
from app.console.freshness import Freshness, PartFailure, failure, freshness, together
from app.console.identity import is_sandbox
from app.console.services import ServiceSummary, list_services
from app.web.views.base import View
from app.web.views.demo_tasks import DemoTask, tasks_for


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
    tasks: tuple[DemoTask, ...] = ()
    """What to try, in the demo alone."""


def containers_page(services: Services, query: str, now: datetime) -> ContainersPage:
    """Return the list of services whose name, region or state holds `query`."""
    answer = list_services(services, query)
    failures = tuple(problem for reading in answer.regions if (problem := failure(reading, reading.region)))
    fresh = together([freshness(reading, now) for reading in answer.regions], now)
    known = {(each.service.region, each.service.name) for each in answer.services}
    tasks = tasks_for(known) if is_sandbox(services) else ()
    return ContainersPage(answer.services, answer.total, services.regions, fresh, query, failures, tasks)

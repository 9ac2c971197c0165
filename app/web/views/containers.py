"""The list of container services."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from app.bootstrap import Services
from app.console.findings import settle
from app.console.freshness import Freshness, PartFailure, freshness, together
from app.console.identity import is_sandbox
from app.console.paging import NumberedPage, page_of
from app.console.service_list import ServiceFilter, Sort, fitting
from app.console.services import ServiceSummary, list_services
from app.web import links
from app.web.views.base import View
from app.web.views.demo_tasks import DemoTask, tasks_for


@dataclass(frozen=True)
class ContainersPage(View):
    """GET /containers: services of every configured region, filtered by `query` (GET field `q`) and `filter`.

    `total` counts the services before filtering. `failures` names regions that could not be read.
    """

    page: ClassVar[str] = "pages/containers.html"
    partial: ClassVar[str] = "partials/service_list.html"

    listed: NumberedPage[ServiceSummary]
    total: int
    states: tuple[str, ...]
    regions: tuple[str, ...]
    freshness: Freshness
    query: str = ""
    filter: ServiceFilter = field(default_factory=ServiceFilter)
    failures: tuple[PartFailure, ...] = ()
    tasks: tuple[DemoTask, ...] = ()
    """What to try, only in the demo."""

    @property
    def narrowed(self) -> bool:
        """The reader searches, filters or sorts."""
        return bool(self.query) or self.filter != ServiceFilter()

    def address(self, page: int = 1, sort: str = "") -> str:
        """The address of a page of this list, in another order where `sort` names one."""
        chosen = self.filter
        order = sort or chosen.sort
        return links.containers(
            self.query,
            region=chosen.region,
            state=chosen.state,
            access=chosen.access or "",
            sort=str(order) if order != Sort.NAME else "",
            page=page if page > 1 else "",
        )


def containers_page(
    services: Services, query: str, now: datetime, criteria: ServiceFilter | None = None, number: int = 1
) -> ContainersPage:
    """Return the services whose name, region or state holds `query` and that fit the filter."""
    settle(services)
    answer = list_services(services, query)
    failures = tuple(
        PartFailure(reading.region, reading.problem, reading.succeeded_at)
        for reading in answer.regions
        if reading.problem
    )
    fresh = together([freshness(reading, now) for reading in answer.regions], now)
    service_keys = {(each.service.region, each.service.name) for each in answer.services}
    tasks = tasks_for(service_keys) if is_sandbox(services) else ()
    chosen = criteria or ServiceFilter()
    listed = page_of(fitting(answer.services, chosen), number)
    states = tuple(sorted({each.service.state for each in answer.services} | ({chosen.state} - {""})))
    return ContainersPage(
        listed, answer.total, states, services.regions, fresh, query, chosen, failures=failures, tasks=tasks
    )

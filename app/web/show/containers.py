"""Fills the list of container services and a service's Overview and Deployments tabs."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from app.aws.ports import Deployment
from app.bootstrap import Services
from app.console.freshness import failure, freshness, together
from app.console.operations import running
from app.console.services import regions_with_policies
from app.errors import Problem
from app.inventory import queries, sync_state
from app.inventory.sync_state import What
from app.operations.progress import Progress
from app.web.pages_service import ContainersPage, DeploymentsPage, OverviewPage, ServiceRow, Tab
from app.web.show import frame


def containers_page(services: Services, query: str, now: datetime) -> ContainersPage:
    """Every service of every configured region whose name, region or state holds `query`."""
    for region in services.regions:
        services.scanner.request(region, What.SERVICES)
    reads = {
        read.region: read
        for read in sync_state.readings(services.db, services.connection)
        if read.what is What.SERVICES
    }
    parts = [reads.get(region, sync_state.Reading(region, What.SERVICES)) for region in services.regions]
    known = [
        one for one in queries.list_services(services.db, services.connection) if one.service.region in services.regions
    ]
    policies_read = regions_with_policies(services)
    live: dict[tuple[str, str], list[Progress]] = defaultdict(list)
    for progress in running(services):
        live[progress.region, progress.service].append(progress)
    rows = tuple(
        ServiceRow(
            one.service,
            one.can_pull if one.service.region in policies_read else None,
            tuple(live[one.service.region, one.service.name]),
        )
        for one in known
        if _matches(one, query)
    )
    failures = tuple(found for part in parts if (found := failure(part, part.region)))
    fresh = together([freshness(part, now) for part in parts], now)
    return ContainersPage(rows, len(known), services.regions, fresh, query, failures)


def _matches(one: queries.KnownService, query: str) -> bool:
    word = query.strip().lower()
    return any(word in text.lower() for text in (one.service.name, one.service.region, one.service.state))


def overview_page(services: Services, region: str, name: str, now: datetime) -> OverviewPage:
    """A service's facts."""
    known = queries.find_service(services.db, services.connection, region, name)
    return OverviewPage(
        frame=frame.service_frame(services, region, name, Tab.OVERVIEW, now),
        repositories=known.can_pull if known and region in regions_with_policies(services) else None,
        running=running(services, region, name),
    )


def deployments_page(
    services: Services,
    region: str,
    name: str,
    now: datetime,
    *,
    told: tuple[Deployment, ...] | None = None,
    problem: Problem | None = None,
) -> DeploymentsPage:
    """A service's deployments as AWS just `told` them; else those known with the service, and the `problem`."""
    head = frame.service_frame(services, region, name, Tab.DEPLOYMENTS, now)
    if told is not None:
        return DeploymentsPage(head, told, now)
    service = head.service
    known = (service.next_deployment, service.current_deployment) if service else ()
    read_at = head.freshness.read_at if service else None
    return DeploymentsPage(head, tuple(one for one in known if one), read_at, problem)

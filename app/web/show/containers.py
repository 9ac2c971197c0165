"""Fills the list of container services and a service's Overview and Deployments tabs."""

from __future__ import annotations

from datetime import datetime

from app.bootstrap import Services
from app.console.freshness import failure, freshness, together
from app.console.operations import running
from app.console.services import Deployments, list_services, summarize
from app.inventory import queries
from app.web.pages_service import ContainersPage, DeploymentsPage, OverviewPage, Tab
from app.web.show import frame


def overview_page(services: Services, region: str, name: str, now: datetime) -> OverviewPage:
    """A service's facts."""
    known = queries.find_service(services.db, services.connection, region, name)
    summary = summarize(services, known) if known else None
    return OverviewPage(
        frame=frame.service_frame(services, region, name, Tab.OVERVIEW, now),
        repositories=summary.can_pull if summary else None,
        running=summary.running if summary else running(services, region, name),
    )


def containers_page(services: Services, query: str, now: datetime) -> ContainersPage:
    """Return the list of services whose name, region or state holds `query`."""
    answer = list_services(services, query)
    failures = tuple(problem for reading in answer.regions if (problem := failure(reading, reading.region)))
    fresh = together([freshness(reading, now) for reading in answer.regions], now)
    return ContainersPage(answer.services, answer.total, services.regions, fresh, query, failures)


def deployments_page(services: Services, region: str, name: str, now: datetime, answer: Deployments) -> DeploymentsPage:
    """Return a service's Deployments tab."""
    return DeploymentsPage(frame.service_frame(services, region, name, Tab.DEPLOYMENTS, now), answer)

"""Whether a service that a page is about exists, or did: a name that was never seen has no page."""

from __future__ import annotations

from app.bootstrap import Services
from app.console.nearest import with_nearest
from app.console.services import nearest_services
from app.console.timeouts import PATIENCE, within
from app.errors import Problem
from app.history.queries import was_worked_on
from app.inventory import queries, sync_state
from app.inventory.sync_state import What
from app.threads import run_in_threadpool


async def check_seen(services: Services, region: str, name: str, *, seconds: float = PATIENCE) -> None:
    """Check that a service exists, existed as far as is known, or can't be told to be missing.

    A deleted service keeps its pages while the history or a repository policy has something about it. AWS is asked once
    before a service is said to be missing: it may be newer than the list that was read.

    Raises:
        Problem: `service.not_found`, with the nearest names in the Region, and the Regions that have a service of this
            name (`app.console.nearest`).
    """
    if await run_in_threadpool(_has_page, services, region, name):
        return
    problem = await within(seconds, services.scanner.refresh_service(region, name))
    if problem is not None and problem.code != "service.not_found":
        return  # unknown is not missing
    missing = await run_in_threadpool(_missing, services, region, name)
    if missing is not None:
        raise missing


def _has_page(services: Services, region: str, name: str) -> bool:
    key = services.service_key(region, name)
    if queries.role_of(services.db, key) is not None or was_worked_on(services.db, key):
        return True
    reading = sync_state.find_reading(services.db, services.connection, region, What.SERVICES)
    return reading.succeeded_at is None or bool(queries.naming_service(services.db, key))


def _missing(services: Services, region: str, name: str) -> Problem | None:
    """Return the problem with what may be meant instead; None where the service exists after all."""
    if queries.role_of(services.db, services.service_key(region, name)) is not None:
        return None
    known_services = queries.list_services(services.db, services.connection)
    others = [
        each.service.region
        for each in known_services
        if each.service.name == name and each.service.region in services.regions
    ]
    missing = Problem("service.not_found", service=name, region=region)
    return with_nearest(missing, nearest_services(services, region, name), others)

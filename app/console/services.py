"""A service by region and name: from our tables, else asked for at AWS once."""

from __future__ import annotations

from app.bootstrap import Services
from app.console.previews import Place, plan
from app.console.timeouts import PATIENCE, within
from app.errors import Problem
from app.inventory import queries
from app.inventory.queries import KnownService
from app.operations.state import Kind
from app.threads import run_in_threadpool


async def get_service(services: Services, region: str, name: str) -> KnownService:
    """Return the service; one that we have not seen is asked for once.

    Raises:
        Problem: `service.not_found`, or what kept us from asking.
    """
    key = (services.db, services.connection, region, name)
    known = await run_in_threadpool(queries.find_service, *key)
    if known is not None:
        return known
    problem = await within(PATIENCE, services.scanner.refresh_service(region, name))
    known = await run_in_threadpool(queries.find_service, *key)
    if known is None:
        raise problem or Problem("service.not_found", service=name, region=region)
    return known


async def check_removable(services: Services, place: Place) -> None:
    """See that access can be removed: the service exists, or the repository's policy names it still.

    Raises:
        Problem: `service.not_found` where neither is so; what kept us from finding out.
    """
    region, name, _ = place
    try:
        await get_service(services, region, name)
    except Problem as problem:
        if problem.code != "service.not_found":
            raise
        planned, _ = await plan(services, Kind.REVOKE, place)
        if not planned.change.needed:
            raise

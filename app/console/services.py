"""A service by region and name: from our tables, else asked for at AWS once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.aws.ports import ContainerService
from app.bootstrap import Services
from app.console.timeouts import PATIENCE, within
from app.errors import Problem
from app.inventory import queries, sync_state
from app.inventory.queries import KnownService
from app.inventory.sync_state import What
from app.operations.progress import Progress
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


class RoleState(StrEnum):
    """Where the image puller role stands."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    ACTIVATING = "activating"
    DEACTIVATING = "deactivating"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class RoleView:
    """The image puller role, and the other principal of the same service that must not be confused with it."""

    state: RoleState
    principal_arn: str = ""
    general_principal_arn: str = ""
    running: Progress | None = None


def role_view(service: ContainerService | None, live: tuple[Progress, ...]) -> RoleView:
    """Where the role stands; AWS's word, unless an operation of ours is switching it right now."""
    at_work = next((one for one in live if one.kind in (Kind.ACTIVATE, Kind.DEACTIVATE)), None)
    if service is None:
        return RoleView(RoleState.UNKNOWN, running=at_work)
    state = RoleState.ACTIVE if service.role.ready else RoleState.INACTIVE
    if service.role.is_active and not service.role.principal_arn:
        state = RoleState.ACTIVATING
    if at_work is not None:
        state = RoleState.ACTIVATING if at_work.kind is Kind.ACTIVATE else RoleState.DEACTIVATING
    return RoleView(state, service.role.principal_arn, service.general_principal_arn, at_work)


def regions_with_policies(services: Services) -> set[str]:
    """Where every policy has been read once, so that a number of repositories says something."""
    return {
        read.region
        for read in sync_state.readings(services.db, services.connection)
        if read.what is What.POLICIES and (read.succeeded_at is not None or read.done)
    }

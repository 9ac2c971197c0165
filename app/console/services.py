"""Container services from the console's own store: all of them, one of them, its role and its deployments."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.aws.ports import ContainerService, Deployment, Role
from app.bootstrap import Services
from app.console.operations import running
from app.console.timeouts import PATIENCE, ask, within
from app.deployments.change import DeploymentChange, compare_versions
from app.errors import Problem
from app.findings.queries import broken_by_service
from app.history import kinds
from app.history import queries as history
from app.inventory import queries, repository_search, sync_state
from app.inventory.queries import KnownService
from app.inventory.sync_state import Reading, What
from app.operations.progress import Progress
from app.operations.state import Kind
from app.threads import run_in_threadpool


class RoleState(StrEnum):
    """The state of the image puller role."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    ACTIVATING = "activating"
    DEACTIVATING = "deactivating"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class RoleView:
    """The image puller role, and the service's other principal, which must not be confused with it."""

    state: RoleState
    principal_arn: str = ""
    general_principal_arn: str = ""
    running: Progress | None = None


@dataclass(frozen=True)
class ServiceSummary:
    """A service as it was at `seen_at`, with what is known about its access.

    `can_pull` counts the repositories from which its role may pull, `stale_grants` the policies that name another role
    of it, `broken` those that an error keeps it from pulling from; all None before the policies of its region have been
    read. `running` are its live operations.
    """

    service: ContainerService
    seen_at: datetime
    can_pull: int | None = None
    stale_grants: int | None = None
    broken: int | None = None
    running: tuple[Progress, ...] = ()


@dataclass(frozen=True)
class ServiceList:
    """Services by name, then region. `total` counts them before filtering; `regions` is each region's read state."""

    services: tuple[ServiceSummary, ...]
    total: int
    regions: tuple[Reading, ...]


@dataclass(frozen=True)
class Deployments:
    """A service's deployments, newest first, as of `read_at`; `problem` is why AWS could not list them now.

    `changes`: by version, what it changed in the one before; `problems`: why it failed, of those deployed with Sailpass.
    """

    deployments: tuple[Deployment, ...]
    read_at: datetime | None = None
    problem: Problem | None = None
    changes: Mapping[int, DeploymentChange] = field(default_factory=dict)
    problems: Mapping[int, Problem] = field(default_factory=dict)


def list_services(services: Services, query: str = "") -> ServiceList:
    """Return the services of every configured region whose name, region or state holds `query`.

    Old data is read again in the background.
    """
    for region in services.regions:
        services.scanner.request(region, What.SERVICES)
    readings = sync_state.readings(services.db, services.connection)
    by_region = {reading.region: reading for reading in readings if reading.what is What.SERVICES}
    known_services = [
        each
        for each in queries.list_services(services.db, services.connection, services.clock.now())
        if each.service.region in services.regions
    ]
    counted, live = _regions_with_policies(readings), running(services)
    broken = broken_by_service(services.db, services.connection, services.clock.now())
    return ServiceList(
        services=tuple(
            _summary(each, live, counted, broken) for each in known_services if _matches(each.service, query)
        ),
        total=len(known_services),
        regions=tuple(by_region.get(region, Reading(region, What.SERVICES)) for region in services.regions),
    )


def summarize(services: Services, known_service: KnownService) -> ServiceSummary:
    """Return the service with what is known about its access; old data is read again in the background."""
    region, name = known_service.service.region, known_service.service.name
    services.scanner.request(region, What.SERVICES)
    counted = _regions_with_policies(sync_state.readings(services.db, services.connection))
    broken = broken_by_service(services.db, services.connection, services.clock.now())
    return _summary(known_service, running(services, region, name), counted, broken)


async def get_service(services: Services, region: str, name: str, *, seconds: float = PATIENCE) -> KnownService:
    """Return the service; an unknown one is read from AWS once.

    Raises:
        Problem: `service.not_found`, or why the read failed.
    """
    key = services.service_key(region, name)
    known_service = await run_in_threadpool(queries.find_service, services.db, key)
    if known_service is not None:
        return known_service
    problem = await within(seconds, services.scanner.refresh_service(region, name))
    known_service = await run_in_threadpool(queries.find_service, services.db, key)
    if known_service is None:
        raise problem or Problem("service.not_found", service=name, region=region)
    return known_service


def gone_service(region: str, name: str, account: str = "") -> ContainerService:
    """Return a stand-in for a service that is deleted, or was never seen: one without a role."""
    return ContainerService(region=region, name=name, arn="", account=account, state="", role=Role())


def nearest_services(services: Services, region: str, name: str) -> tuple[str, ...]:
    """Return the names of services in the Region most like `name`, the most similar first. Blocks."""
    seen = queries.services_in(services.db, services.connection, region)
    return repository_search.nearest(name, sorted(service.name for service, _ in seen))


async def get_deployments(services: Services, region: str, name: str, *, seconds: float = PATIENCE) -> Deployments:
    """Return the deployments as AWS lists them now, else those known with the service and the problem."""
    try:
        listed = await ask(services, region, services.aws.services(region).list_deployments, name, patience=seconds)
    except Problem as problem:
        return await run_in_threadpool(_known_deployments, services, region, name, problem)
    return await run_in_threadpool(_explained, services, region, name, listed)


def _explained(services: Services, region: str, name: str, listed: tuple[Deployment, ...]) -> Deployments:
    problems = (
        Problem.from_json(stored)
        for stored in history.failed_deployments(services.db, services.service_key(region, name))
    )
    return Deployments(
        listed,
        services.clock.now(),
        changes=compare_versions(listed),
        problems={int(each.params["version"]): each for each in problems if "version" in each.params},
    )


def role_view(service: ContainerService | None, live: tuple[Progress, ...]) -> RoleView:
    """Return the role's state: AWS's, unless an operation of ours is changing it right now."""
    at_work = next((each for each in live if each.kind in kinds.ON_ROLE), None)
    if service is None:
        return RoleView(RoleState.UNKNOWN, running=at_work)
    state = RoleState.ACTIVE if service.role.ready else RoleState.INACTIVE
    if service.role.is_active and not service.role.principal_arn:
        state = RoleState.ACTIVATING
    if at_work is not None:
        state = RoleState.DEACTIVATING if at_work.kind is Kind.DEACTIVATE else RoleState.ACTIVATING
    return RoleView(state, service.role.principal_arn, service.general_principal_arn, at_work)


def _known_deployments(services: Services, region: str, name: str, problem: Problem) -> Deployments:
    known_service = queries.find_service(services.db, services.service_key(region, name))
    if known_service is None:
        return Deployments((), None, problem)
    both = (known_service.service.next_deployment, known_service.service.current_deployment)
    return Deployments(tuple(deployment for deployment in both if deployment), known_service.seen_at, problem)


def _summary(
    known_service: KnownService,
    live: tuple[Progress, ...],
    counted: Container[str],
    broken: Mapping[tuple[str, str], int],
) -> ServiceSummary:
    service = known_service.service
    is_counted = service.region in counted
    return ServiceSummary(
        service,
        known_service.seen_at,
        can_pull=known_service.can_pull if is_counted else None,
        stale_grants=known_service.stale_grants if is_counted else None,
        broken=broken.get((service.region, service.name), 0) if is_counted else None,
        running=tuple(each for each in live if (each.region, each.service) == (service.region, service.name)),
    )


def _regions_with_policies(readings: Iterable[Reading]) -> set[str]:
    """Return the regions where every policy has been read once, so that a number of repositories is meaningful."""
    return {
        reading.region
        for reading in readings
        if reading.what is What.POLICIES and (reading.succeeded_at is not None or reading.done)
    }


def _matches(service: ContainerService, query: str) -> bool:
    word = query.strip().lower()
    return any(word in text.lower() for text in (service.name, service.region, service.state))

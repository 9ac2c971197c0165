"""What a batch would do, by the policies that are known: which change, which stay, which are refused and why.

Asks AWS nothing about repositories: a batch may have thousands, so each is planned on its policy as it was last read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from app.aws.ports import ContainerService
from app.bootstrap import Services
from app.console.identity import account
from app.console.regions import check_region
from app.console.services import get_service, gone_service
from app.errors import Problem
from app.history.standing import standing_grants
from app.inventory import queries, repository_search
from app.inventory.circumstances import Circumstances
from app.inventory.queries import KnownRepository
from app.inventory.registries import find_registry
from app.keys import RegionAndName
from app.operations.batches import MOST, NewItem
from app.operations.explained import explained
from app.operations.naming import repositories_naming
from app.operations.planned import Planned, plan_operation
from app.operations.repository_name import parse_reference
from app.operations.state import GIVES_ACCESS, Kind
from app.threads import run_in_threadpool

CHUNK = 500


@dataclass(frozen=True)
class BatchRequest:
    """A batch as it is requested: `repositories` by name, URI or ARN, or those whose name `match` covers.

    `services` are regions and names.
    """

    action: Kind
    services: tuple[RegionAndName, ...]
    repositories: tuple[str, ...] = ()
    match: str = ""


class ItemState(StrEnum):
    """What would become of an item, by its policy as it was last read."""

    CHANGES = "changes"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    UNREAD = "unread"  # its policy has not been read, so it cannot be told


@dataclass(frozen=True)
class PlannedItem:
    """One item. `problem` says why it would be refused, or why it cannot be told; `planned` what it would change."""

    region: str
    service: str
    repository: str
    state: ItemState
    problem: Problem | None = None
    planned: Planned | None = None
    read_at: datetime | None = None


@dataclass(frozen=True)
class BatchPlan:
    """A batch before it is started, with the services whose role it would activate."""

    action: Kind
    items: tuple[PlannedItem, ...]
    activates: tuple[RegionAndName, ...] = ()

    def count(self, state: ItemState) -> int:
        """How many items are in a state."""
        return Counter(item.state for item in self.items)[state]

    @property
    def fingerprint(self) -> str:
        """The same value while the same would be done: to tell whether it still is what was shown."""
        lines = [f"{item.region} {item.service} {item.repository} {_told(item)}" for item in self.items]
        return sha256("\n".join([self.action, *sorted(lines)]).encode()).hexdigest()[:32]


def startable(plan: BatchPlan) -> tuple[PlannedItem, ...]:
    """Return the items that there is something to do for: those whose policy would change, or has not been read."""
    return tuple(item for item in plan.items if item.state in (ItemState.CHANGES, ItemState.UNREAD))


def _told(item: PlannedItem) -> str:
    return f"{item.state} {item.planned.seen if item.planned else ''}"


async def items_of(services: Services, request: BatchRequest) -> tuple[NewItem, ...]:
    """Return the items that a request means, worked out on what is known here.

    Raises:
        Problem: `region.not_configured`, `service.not_found`, `batch.empty`, `batch.too_many`, and as `parse_reference`
            and `Reference.name_in` for a repository.
    """
    return await run_in_threadpool(_items, services, request, await _services(services, request))


async def plan_batch(services: Services, request: BatchRequest) -> BatchPlan:
    """Return what a batch would do. Raises as `items_of`."""
    return await run_in_threadpool(_plan, services, request, await _services(services, request))


def candidates(services: Services, region_and_name: RegionAndName, action: Kind, pattern: str) -> Sequence[str]:
    """Return the repositories, by name, that `pattern` covers and that there may be something to do for. Blocks."""
    service = queries.last_seen(services.db, services.service_key(*region_and_name))
    service = service or gone_service(*region_and_name)
    names = _matching(services, BatchRequest(action, (region_and_name,), match=pattern), service)
    if action is not Kind.GRANT:
        return names
    allowed = queries.allowing(services.db, services.connection, service.region, service.role.principal_arn)
    return [name for name in names if name not in allowed]


async def _services(services: Services, request: BatchRequest) -> dict[RegionAndName, ContainerService]:
    return {key: await _service(services, request, key) for key in dict.fromkeys(request.services)}


async def _service(services: Services, request: BatchRequest, key: RegionAndName) -> ContainerService:
    region, name = key
    check_region(services, region)
    try:
        return (await get_service(services, region, name)).service
    except Problem as problem:
        # Taking a service out of policies is what remains to be done once it is deleted.
        if problem.code != "service.not_found" or request.action is not Kind.REVOKE:
            raise
        return gone_service(region, name)


def _items(
    services: Services, request: BatchRequest, container_services: Mapping[RegionAndName, ContainerService]
) -> tuple[NewItem, ...]:
    items = []
    for region, name in container_services:
        names = (
            _matching(services, request, container_services[region, name])
            if request.match
            else _named(services, request, region)
        )
        items += [NewItem(region, name, repository) for repository in dict.fromkeys(names)]
        if len(items) > MOST:
            raise Problem("batch.too_many", count=len(items), most=MOST)
    if not items:
        raise Problem("batch.no_match", match=request.match) if request.match else Problem("batch.empty")
    return tuple(items)


def _named(services: Services, request: BatchRequest, region: str) -> Iterable[str]:
    own = account(services)
    return (parse_reference(text).name_in(region, own) for text in request.repositories)


def _matching(services: Services, request: BatchRequest, service: ContainerService) -> Sequence[str]:
    """The names that a pattern means: to take access away or repair it, only where there is something to do."""
    names = repository_search.names_matching(services.db, services.connection, service.region, request.match)
    if request.action is Kind.GRANT:
        return names
    key = services.service_key(service.region, service.name)
    concerned = set(repositories_naming(services.db, key))
    if request.action is Kind.REPAIR:
        concerned.update(standing_grants(services.db, key))
    named = [name for name in names if name in concerned]
    if request.action is Kind.REVOKE:
        return named
    planned = plan_of_service(services, Kind.REPAIR, service, named)
    return [item.repository for item in planned if item.state is not ItemState.UNCHANGED]


def _plan(
    services: Services, request: BatchRequest, container_services: Mapping[RegionAndName, ContainerService]
) -> BatchPlan:
    planned = plan_items(services, request.action, _items(services, request, container_services), container_services)
    return BatchPlan(request.action, planned, activated(request.action, planned, container_services))


def plan_items(
    services: Services,
    action: Kind,
    items: Iterable[NewItem],
    container_services: Mapping[RegionAndName, ContainerService],
) -> tuple[PlannedItem, ...]:
    """Return what would become of each item, by service; `container_services` are the services of all of them. Blocks."""
    by_service: dict[RegionAndName, list[str]] = {}
    for item in items:
        by_service.setdefault((item.region, item.service), []).append(item.repository)
    left: dict[tuple[str, str], str | None] = {}
    return tuple(
        item
        for key, names in by_service.items()
        for item in plan_of_service(services, action, container_services[key], names, left=left)
    )


def activated(
    action: Kind, items: Iterable[PlannedItem], container_services: Mapping[RegionAndName, ContainerService]
) -> tuple[RegionAndName, ...]:
    """Return the services of these items whose role would be activated first."""
    keys = dict.fromkeys((item.region, item.service) for item in items)
    return tuple(key for key in keys if action in GIVES_ACCESS and not container_services[key].role.ready)


def plan_of_service(
    services: Services,
    action: Kind,
    service: ContainerService,
    names: Sequence[str],
    *,
    given: Mapping[str, Mapping[str, Any]] | None = None,
    left: dict[tuple[str, str], str | None] | None = None,
) -> list[PlannedItem]:
    """Return what the same operation on each repository would do. Blocks.

    `given`: by repository, the input of each operation, for kinds that need one. `left`: the policies as other services
    of the batch leave them; it is continued.
    """
    left = {} if left is None else left
    in_region = (services.db, services.connection, service.region)
    registry, now = find_registry(*in_region).policy, services.clock.now()
    items = []
    for start in range(0, len(names), CHUNK):
        chunk = names[start : start + CHUNK]
        held = {repository.name: repository for repository in queries.find_repositories(*in_region, chunk)}
        for name in chunk:
            circumstances = Circumstances(registry, held[name].arn if name in held else "", now)
            repository, key, own = held.get(name), (service.region, name), (given or {}).get(name)
            shown = repository and _with_text(repository, left.get(key, repository.policy_text))
            item = _item(action, service, name, shown, circumstances, given=own)
            if item.state is ItemState.CHANGES and item.planned is not None:
                left[key] = item.planned.change.after
            items.append(item)
    return items


def _with_text(held: KnownRepository, text: str | None) -> KnownRepository:
    return held if text == held.policy_text else replace(held, policy_text=text)


def _item(
    action: Kind,
    service: ContainerService,
    name: str,
    held: KnownRepository | None,
    circumstances: Circumstances,
    *,
    given: Mapping[str, Any] | None = None,
) -> PlannedItem:
    key = (service.region, service.name, name)
    if held is None or held.policy_read_at is None:
        return PlannedItem(*key, ItemState.UNREAD, held.problem if held else None)
    try:
        planned = plan_operation(action, service, name, held.policy_text, given, circumstances=circumstances)
        problem = planned.refused if planned.change.needed else None
    except Problem as refused:
        return PlannedItem(*key, ItemState.REFUSED, explained(refused, held.policy_text), read_at=held.policy_read_at)
    if problem is not None:
        return PlannedItem(*key, ItemState.REFUSED, problem, planned, held.policy_read_at)
    state = ItemState.CHANGES if planned.change.needed else ItemState.UNCHANGED
    return PlannedItem(*key, state, planned=planned, read_at=held.policy_read_at)

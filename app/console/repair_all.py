"""Repairs all access that findings are about, across services, as one batch: what would be done, and what would not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.aws.ports import ContainerService
from app.bootstrap import Services
from app.console.batch_plans import BatchPlan, ItemState, PlannedItem, activated, plan_items, startable
from app.console.findings import FindingRow, Knowledge, knowledge, rows_of, settle_all
from app.console.regions import check_region
from app.console.services import get_service
from app.errors import Problem
from app.findings import queries as findings
from app.keys import RegionAndName
from app.operations.batches import MOST, NewItem
from app.operations.state import Kind
from app.threads import run_in_threadpool

LISTED = 200
"""Findings that stay, by name; the others are counted."""


@dataclass(frozen=True)
class RepairAllPlan:
    """What one batch would repair, and what it would not.

    `left`: open errors and warnings for which no batch repairs anything, the worst first, of `left_count`; each says what
    to do instead. `knowledge`: how much all this goes by. `region` "" for every configured one.
    """

    plan: BatchPlan
    left: tuple[FindingRow, ...]
    left_count: int
    knowledge: Knowledge
    region: str = ""

    @property
    def count(self) -> int:
        """How many policies would be repaired."""
        return len(startable(self.plan))


async def plan_repair_all(services: Services, region: str = "") -> RepairAllPlan:
    """Return what would be repaired now, in one Region or in all. Changes nothing.

    Dismissed findings are left alone: a person decided that they are no problem.

    Raises:
        Problem: `region.not_configured`, `batch.too_many`.
    """
    if region:
        check_region(services, region)
    await run_in_threadpool(settle_all, services)
    now = services.clock.now()
    targets = await run_in_threadpool(
        findings.repairable, services.db, services.connection, now, _regions(services, region)
    )
    if len(targets) > MOST:
        raise Problem("batch.too_many", count=len(targets), most=MOST)
    items = tuple(NewItem(*target) for target in targets)
    container_services: dict[RegionAndName, ContainerService] = {}
    unknown: dict[RegionAndName, Problem] = {}
    for key in dict.fromkeys((item.region, item.service) for item in items):
        try:
            container_services[key] = (await get_service(services, *key)).service
        except Problem as problem:  # deleted since, or AWS is away: the others are repaired
            unknown[key] = problem
    return await run_in_threadpool(_planned, services, region, items, container_services, unknown, now)


async def start_repair_all(services: Services, repair: RepairAllPlan, by: str) -> str:
    """Start the batch that was planned and return its id. Raises Problem `batch.nothing_to_repair`, and as `Batches.start`."""
    items = [NewItem(item.region, item.service, item.repository) for item in startable(repair.plan)]
    if not items:
        raise Problem("batch.nothing_to_repair")
    return await run_in_threadpool(services.batches.start, Kind.REPAIR, items, by)


def _planned(  # noqa: PLR0917  (what was worked out before)
    services: Services,
    region: str,
    items: tuple[NewItem, ...],
    container_services: dict[RegionAndName, ContainerService],
    unknown: dict[RegionAndName, Problem],
    now: datetime,
) -> RepairAllPlan:
    planned = plan_items(
        services,
        Kind.REPAIR,
        [item for item in items if (item.region, item.service) in container_services],
        container_services,
    )
    refused = [
        PlannedItem(item.region, item.service, item.repository, ItemState.REFUSED, unknown[item.region, item.service])
        for item in items
        if (item.region, item.service) in unknown
    ]
    plan = BatchPlan(Kind.REPAIR, (*planned, *refused), activated(Kind.REPAIR, planned, container_services))
    regions = _regions(services, region)
    left, count = findings.not_repairable(services.db, services.connection, now, regions, limit=LISTED)
    counts = findings.count_findings(services.db, services.connection, now)
    return RepairAllPlan(plan, rows_of(left), count, knowledge(services, counts), region)


def _regions(services: Services, region: str) -> tuple[str, ...]:
    """The Regions that are meant: findings of one that is no longer configured may still be kept, and are left alone."""
    return (region,) if region else services.regions

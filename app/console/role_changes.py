"""What deactivating a service's role takes away, and what undoing that puts back; and both, as previewed.

The policies are those of the last reads. Where they are few they are read again first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from app.aws.ports import ContainerService
from app.bootstrap import Services
from app.console.batch_plans import BatchPlan, ItemState, PlannedItem, plan_of_service
from app.console.services import get_service
from app.console.timeouts import PATIENCE, within
from app.errors import Problem
from app.history.models import Operation
from app.history.policy_writes import changes_of_parts
from app.history.queries import get_operation
from app.keys import RegionAndName
from app.operations.fingerprint import PLACEHOLDER
from app.operations.naming import repositories_naming
from app.operations.reactivate import check_undo, undo_of_removal
from app.operations.start import Ask
from app.operations.state import Kind
from app.threads import run_in_threadpool

# Repositories whose policy is read again for a preview; each takes one call.
READ_AGAIN = 10


async def plan_deactivation(
    services: Services, region: str, name: str, *, only: str = "", seconds: float = PATIENCE
) -> BatchPlan:
    """Return what deactivating the role takes away: the service's statements in every policy known to name it.

    `only`: the part of it that concerns this repository.

    Raises:
        Problem: `service.not_found`, or why the service could not be read.
    """
    service = (await get_service(services, region, name)).service
    names = await run_in_threadpool(repositories_naming, services.db, services.service_key(region, name))
    names = tuple(name for name in names if only in ("", name))
    await _read_again(services, region, names, seconds)
    items = await run_in_threadpool(plan_of_service, services, Kind.REVOKE, service, names)
    return BatchPlan(Kind.DEACTIVATE, tuple(item for item in items if item.state is not ItemState.UNCHANGED))


async def plan_reactivation(
    services: Services, operation_id: str, *, only: str = "", seconds: float = PATIENCE
) -> BatchPlan:
    """Return what undoing an ended deactivation would put back now, for the role's ARN now or a placeholder.

    `only`: the part of it that concerns this repository.

    Raises:
        Problem: `operation.not_found`, `operation.not_ended`, `service.not_found`, and as `reactivate.check_undo`.
    """
    deactivation = await run_in_threadpool(_ended, services, operation_id)
    await within(seconds, services.scanner.refresh_service(deactivation.region, deactivation.service))
    service = (await get_service(services, deactivation.region, deactivation.service)).service
    given = await run_in_threadpool(_undone, services, deactivation, service, only)
    await _read_again(services, service.region, given, seconds)
    items = await run_in_threadpool(plan_of_service, services, Kind.UNDO, service, tuple(given), given=given)
    activates = () if service.role.ready else ((service.region, service.name),)
    return BatchPlan(Kind.REACTIVATE, tuple(items), activates)


def start_deactivation(
    services: Services, region_and_name: RegionAndName, person: str, plan: BatchPlan, *, remove_statements: bool
) -> str:
    """Start a deactivation that does what `plan` shows or fails; return its id. `region_and_name` is region and service."""
    request = {"remove_statements": remove_statements, **_shown(plan)}
    return services.starter.start(Ask(Kind.DEACTIVATE, *region_and_name, asked_by=person, input=request))


def start_reactivation(services: Services, operation_id: str, person: str, plan: BatchPlan) -> str:
    """Start the undo of a deactivation that does what `plan` shows or fails; return its id."""
    return services.starter.reactivate(_ended(services, operation_id), person, _shown(plan))


def check_unchanged(plan: BatchPlan, previewed: str) -> None:
    """Raise Problem `role.preview_outdated` unless `plan` is what a preview of this fingerprint showed."""
    if plan.fingerprint != previewed:
        raise Problem("role.preview_outdated")


def _shown(plan: BatchPlan) -> dict[str, Any]:
    return {"previewed": plan.fingerprint, "shown": {item.repository: _seen(item) for item in plan.items}}


def _seen(item: PlannedItem) -> str | None:
    """The fingerprint of one change: "" where none was shown, None where the policy is not known."""
    if item.state is ItemState.UNREAD:
        return None
    return item.planned.seen if item.planned and item.state is ItemState.CHANGES else ""


async def _read_again(services: Services, region: str, names: Iterable[str], seconds: float) -> None:
    few = list(names)
    if len(few) <= READ_AGAIN:
        await asyncio.gather(*(within(seconds, services.scanner.refresh_repository(region, name)) for name in few))


def _ended(services: Services, operation_id: str) -> Operation:
    operation = get_operation(services.db, operation_id)
    if operation is None:
        raise Problem("operation.not_found")
    if operation.outcome is None:
        raise Problem("operation.not_ended")
    check_undo(services.db, operation)
    return operation


def _undone(
    services: Services, deactivation: Operation, service: ContainerService, only: str
) -> dict[str, dict[str, Any]]:
    """By repository, the input of the undo of what was removed from it; only of this one, if one is named."""
    role = service.role
    arn = role.principal_arn if role.ready else PLACEHOLDER.format(region=service.region, service=service.name)
    changes = changes_of_parts(services.db, deactivation.id, Kind.REVOKE)
    return {
        change.repository: undo_of_removal(deactivation, change, arn)
        for change in changes
        if only in ("", change.repository)
    }

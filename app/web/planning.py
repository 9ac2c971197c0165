"""Plans an operation on what AWS holds now, for whoever wants to see it first: a page or a program. Changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from app.aws.ports import ContainerService, Role
from app.bootstrap import Services
from app.errors import Problem
from app.inventory import queries
from app.operations.preview import Planned, plan_operation
from app.operations.start import check_name
from app.operations.state import Kind
from app.web.asking import PATIENCE, ask, patience
from app.web.pages_operation import Preview
from app.web.show import frame
from app.web.show.dialogs import dead
from app.web.show.preview import preview_of

Place = tuple[str, str, str]

# These are about the policy alone: the service is not asked for, and need not be there any more.
WITHOUT_SERVICE = frozenset({Kind.PRUNE, Kind.UNDO, Kind.RESTORE})


async def plan(
    services: Services,
    kind: Kind,
    place: Place,
    asked: Mapping[str, Any] | None = None,
    *,
    seconds: float = PATIENCE,
) -> tuple[Planned, ContainerService]:
    """What `kind` would do now, and the service it is for; `place` is region, service and repository.

    A service that is gone is one without a role, where the operation can do without it. Raises Problem, at the latest
    after `seconds`.
    """
    region, _, repository = place
    check_name(repository)
    # Side by side: a page waits no longer than for the slower of the two.
    service, text = await asyncio.gather(
        _service(services, kind, place, seconds),
        ask(services, region, services.aws.repositories(region).get_policy, repository, patience=seconds),
    )
    wanted = asked or ({"principals": dead(text)} if kind is Kind.PRUNE else {})
    return plan_operation(kind, service, repository, text, wanted), service


async def live_preview(
    request: Request, services: Services, kind: Kind, place: Place, asked: Mapping[str, Any] | None = None
) -> Preview:
    """The plan as a page shows it; what keeps us from making one is its `problem`."""
    try:
        planned, service = await plan(services, kind, place, asked, seconds=patience(request))
    except Problem as problem:
        return Preview(repository=place[2], problem=problem)
    shown = preview_of(services, planned, service, place[2])
    return replace(shown, principals=dead(planned.change.before)) if kind is Kind.PRUNE else shown


async def _service(services: Services, kind: Kind, place: Place, seconds: float) -> ContainerService:
    region, name, repository = place
    if kind in WITHOUT_SERVICE:
        return await run_in_threadpool(_gone, services, region, name, repository)
    try:
        return await ask(services, region, services.aws.services(region).get_service, name, patience=seconds)
    except Problem as problem:
        # Taking a service out of a policy is what remains to be done once it is deleted.
        if kind is not Kind.REVOKE or problem.code != "service.not_found":
            raise
        return await run_in_threadpool(_gone, services, region, name, repository)


def _gone(services: Services, region: str, name: str, repository: str) -> ContainerService:
    """The service as far as it matters without one: a name, and the account whose repository it is."""
    held = queries.find_repository(services.db, services.connection, region, repository)
    account = held.registry_id if held else frame.account(services)
    return ContainerService(region=region, name=name, arn="", account=account, state="", role=Role())

"""Plans an operation on what AWS holds now, for whoever wants to see it first: a page or a program. Changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import Request

from app.aws.ports import ContainerService, Role
from app.bootstrap import Services
from app.console.identity import account
from app.console.timeouts import PATIENCE, ask
from app.errors import Problem
from app.history.queries import last_refusal
from app.inventory import queries
from app.operations.circumstances import circumstances_of
from app.operations.explained import explained
from app.operations.preview import Planned, plan_operation
from app.operations.repository_name import check_name
from app.operations.state import Kind
from app.threads import run_in_threadpool
from app.web.deps import patience
from app.web.pages_operation import Preview
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
    return await run_in_threadpool(_plan, services, kind, service, repository, text, asked), service


async def live_preview(
    request: Request, services: Services, kind: Kind, place: Place, asked: Mapping[str, Any] | None = None
) -> Preview:
    """The plan as a page shows it; what keeps us from making one is its `problem`."""
    try:
        planned, service = await plan(services, kind, place, asked, seconds=patience(request))
    except Problem as problem:
        return Preview(repository=place[2], problem=problem)
    return await run_in_threadpool(preview_of, services, planned, service, place[2])


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


def _plan(  # noqa: PLR0917  (what the plan itself takes)
    services: Services,
    kind: Kind,
    service: ContainerService,
    repository: str,
    text: str | None,
    asked: Mapping[str, Any] | None,
) -> Planned:
    here = (services.db, services.connection, service.region, repository)
    refusal = last_refusal(*here) if kind is Kind.PRUNE else None
    circumstances = circumstances_of(*here, services.clock.now())
    try:
        return plan_operation(kind, service, repository, text, asked, refusal=refusal, circumstances=circumstances)
    except Problem as problem:
        raise explained(problem, text) from problem


def _gone(services: Services, region: str, name: str, repository: str) -> ContainerService:
    """The service as far as it matters without one: a name, and the account whose repository it is."""
    held = queries.find_repository(services.db, services.connection, region, repository)
    registry = held.registry_id if held else account(services)
    return ContainerService(region=region, name=name, arn="", account=registry, state="", role=Role())

"""Previews: what an operation would change in the current policy, and commands that do the same. Changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.aws.ports import ContainerService
from app.bootstrap import Services
from app.console.evidence import Evidence, evidence
from app.console.identity import account, endpoints_of
from app.console.operations import get_progress
from app.console.services import gone_service
from app.console.shell_commands import Commands, for_each_system
from app.console.timeouts import PATIENCE, ask
from app.errors import Problem
from app.history.queries import last_refusal
from app.inventory import queries
from app.inventory.circumstances import circumstances_of
from app.keys import AccessTarget
from app.operations.explained import explained
from app.operations.planned import Planned, plan_operation
from app.operations.repository_name import check_name
from app.operations.state import Kind
from app.policy.commands import Command, System, Target, grant_commands, policy_commands
from app.policy.diff import Diff, diff_texts
from app.threads import run_in_threadpool

# These concern only the policy: the service is not read, and may be deleted.
WITHOUT_SERVICE = frozenset({Kind.PRUNE, Kind.UNDO, Kind.RESTORE})

# The first parts of the codes of problems that come of the call to AWS, not of what it returned.
UNREAD = frozenset({"aws", "host", "server"})


@dataclass(frozen=True)
class Preview:
    """What an operation would do now. `diff` None: the policy stays unchanged. `evidence`: the basis of its verdict."""

    planned: Planned
    service: ContainerService
    repository: str
    diff: Diff | None
    commands: tuple[Commands, ...]
    evidence: Evidence | None = None


async def preview(
    services: Services,
    kind: Kind,
    target: AccessTarget,
    operation_input: Mapping[str, Any] | None = None,
    *,
    seconds: float = PATIENCE,
) -> Preview:
    """Return what `kind` would do now; `target` is region, service and repository. Raises Problem as `plan`."""
    planned, service = await plan(services, kind, target, operation_input, seconds=seconds)
    return await run_in_threadpool(_preview, services, planned, service, target[2])


async def preview_undo(services: Services, kind: Kind, operation_id: str, *, seconds: float = PATIENCE) -> Preview:
    """Return what an undo (or a restore, by `kind`) of an operation would do now.

    Raises:
        Problem: `operation.not_found`, `operation.nothing_to_undo`, or as `plan`.
    """
    undone = await run_in_threadpool(get_progress, services, operation_id)
    change = await run_in_threadpool(services.starter.change_to_undo, operation_id)
    request = {"text": change.before, "before": change.before, "after": change.after}
    return await preview(services, kind, (undone.region, undone.service, change.repository), request, seconds=seconds)


def is_still(services: Services, kind: Kind, target: AccessTarget, seen: str) -> bool:
    """Return whether an operation would do what a preview of the fingerprint `seen` showed, by what is known. Blocks.

    Calls nothing at AWS. `target` is region, service and repository.
    """
    region, name, repository = target
    known_service = queries.last_seen(services.db, services.service_key(region, name))
    held = queries.find_repository(services.db, services.repository_key(region, repository))
    if known_service is None or held is None or held.policy_read_at is None:
        return False
    try:
        return _plan(services, kind, known_service, repository, held.policy_text, None).seen == seen
    except Problem:
        return False


def is_unread(problem: Problem) -> bool:
    """Return whether a plan failed because AWS couldn't be read, which says nothing about what would be done."""
    return problem.code.partition(".")[0] in UNREAD


async def plan(
    services: Services,
    kind: Kind,
    target: AccessTarget,
    operation_input: Mapping[str, Any] | None = None,
    *,
    seconds: float = PATIENCE,
) -> tuple[Planned, ContainerService]:
    """Return the plan of `kind`, and its service; `target` is region, service and repository.

    A deleted service is treated as one without a role, if the operation doesn't need it. Raises Problem, at the latest
    after `seconds`.
    """
    region, _, repository = target
    check_name(repository)
    # Concurrently: a page waits no longer than for the slower of the two.
    service, text = await asyncio.gather(
        _service(services, kind, target, seconds),
        ask(services, region, services.aws.repositories(region).get_policy, repository, patience=seconds),
    )
    return await run_in_threadpool(_plan, services, kind, service, repository, text, operation_input), service


async def _service(services: Services, kind: Kind, target: AccessTarget, seconds: float) -> ContainerService:
    region, name, repository = target
    if kind in WITHOUT_SERVICE:
        return await run_in_threadpool(_gone, services, region, name, repository)
    try:
        return await ask(services, region, services.aws.services(region).get_service, name, patience=seconds)
    except Problem as problem:
        # A service can be removed from a policy after it is deleted.
        if kind is not Kind.REVOKE or problem.code != "service.not_found":
            raise
        return await run_in_threadpool(_gone, services, region, name, repository)


def _plan(  # noqa: PLR0917  (the arguments of the plan itself)
    services: Services,
    kind: Kind,
    service: ContainerService,
    repository: str,
    text: str | None,
    operation_input: Mapping[str, Any] | None,
) -> Planned:
    key = services.repository_key(service.region, repository)
    refusal = last_refusal(services.db, key) if kind is Kind.PRUNE else None
    circumstances = circumstances_of(services.db, key, services.clock.now())
    try:
        return plan_operation(
            kind, service, repository, text, operation_input, refusal=refusal, circumstances=circumstances
        )
    except Problem as problem:
        raise explained(problem, text) from problem


def _gone(services: Services, region: str, name: str, repository: str) -> ContainerService:
    """Return a stand-in for a deleted service: its name, and the account of the repository."""
    held = queries.find_repository(services.db, services.repository_key(region, repository))
    registry = held.registry_id if held else account(services)
    return gone_service(region, name, registry)


def _preview(services: Services, planned: Planned, service: ContainerService, repository: str) -> Preview:
    change = planned.change
    diff = diff_texts(change.before, change.after) if change.needed else None
    commands = shell_commands(services, planned, service, repository)
    goes_by = evidence(services, service.region) if planned.verdict else None
    return Preview(planned, service, repository, diff, commands, goes_by)


def shell_commands(
    services: Services, planned: Planned, service: ContainerService, repository: str
) -> tuple[Commands, ...]:
    """Return the commands of each system that do the same, at the endpoints that this console uses."""
    target = Target(service.region, service.name, service.account, repository, endpoints_of(services))
    return for_each_system(lambda system: _commands(planned, target, system))


def _commands(planned: Planned, target: Target, system: System) -> tuple[Command, ...]:
    if planned.activates:
        return grant_commands(target, planned.change, system, activate=True)
    return policy_commands(target, planned.change, system)

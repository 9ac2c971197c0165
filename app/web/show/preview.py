"""Fills the preview of an operation: the policy diff, the calls, and the same by hand."""

from __future__ import annotations

from app.aws.ports import ContainerService
from app.bootstrap import Services
from app.operations.preview import Planned
from app.policy.commands import Command, System, Target, grant_commands, policy_commands
from app.policy.diff import diff_texts
from app.policy.words import WORDS
from app.web.pages import Said
from app.web.pages_operation import Commands, Preview
from app.web.pages_verdict import Access
from app.web.show.commands import for_each_system
from app.web.show.evidence import evidence
from app.web.show.frame import endpoints_of


def preview_of(services: Services, planned: Planned, service: ContainerService, repository: str) -> Preview:
    """The preview of what `planned` would do."""
    change, verdict = planned.change, planned.verdict
    return Preview(
        repository=repository,
        diff=diff_texts(change.before, change.after) if change.needed else None,
        calls=tuple(f"{call.action}  {call.on}" for call in planned.calls),
        commands=by_hand(services, planned, service, repository),
        seen=f"{repository} {planned.seen}",
        activates=planned.activates,
        principals=planned.pruned,
        doubtful=planned.prunable.refused,
        access=Access(verdict.access) if verdict else None,
        reason=Said(WORDS[verdict.code], verdict.params) if verdict else None,
        evidence=evidence(services, service.region) if verdict else None,
    )


def by_hand(services: Services, planned: Planned, service: ContainerService, repository: str) -> tuple[Commands, ...]:
    """The commands of each system that do the same, at the endpoints that this console calls."""
    target = Target(service.region, service.name, service.account, repository, endpoints_of(services))
    return for_each_system(lambda system: _commands(planned, target, system))


def _commands(planned: Planned, target: Target, system: System) -> tuple[Command, ...]:
    if planned.activates:
        return grant_commands(target, planned.change, system, activate=True)
    return policy_commands(target, planned.change, system)

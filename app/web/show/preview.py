"""Fills the preview of an operation: the policy diff, the calls, and the same by hand."""

from __future__ import annotations

from app.aws.ports import ContainerService
from app.bootstrap import Services
from app.console.identity import endpoint
from app.messages import i18n
from app.operations.preview import Planned
from app.policy.commands import Command, System, Target, grant_commands, policy_commands
from app.policy.diff import diff_texts
from app.policy.messages import WORDS
from app.web.pages_operation import Commands, Preview

SYSTEMS = {System.POSIX: "macOS / Linux", System.WINDOWS: "Windows (PowerShell)"}


def preview_of(services: Services, planned: Planned, service: ContainerService, repository: str) -> Preview:
    """The preview of what `planned` would do."""
    change = planned.change
    return Preview(
        repository=repository,
        diff=diff_texts(change.before, change.after) if change.needed else None,
        calls=tuple(f"{call.action}  {call.on}" for call in planned.calls),
        commands=by_hand(services, planned, service, repository),
        seen=f"{repository} {planned.seen}",
        activates=planned.activates,
        principals=planned.pruned,
        doubtful=planned.prunable.refused,
    )


def by_hand(services: Services, planned: Planned, service: ContainerService, repository: str) -> tuple[Commands, ...]:
    """The commands of each system that do the same, at the endpoints that this console calls."""
    endpoints = {name: endpoint(services, name) for name in ("lightsail", "ecr")}
    target = Target(service.region, service.name, service.account, repository, endpoints)
    return tuple(Commands(name, _text(_commands(planned, target, system))) for system, name in SYSTEMS.items())


def _commands(planned: Planned, target: Target, system: System) -> tuple[Command, ...]:
    if planned.activates:
        return grant_commands(target, planned.change, system, activate=True)
    return policy_commands(target, planned.change, system)


def _text(commands: tuple[Command, ...]) -> str:
    # Both shells write comments with a number sign.
    return "\n\n".join(f"# {i18n.gettext(WORDS[f'command.{command.code}'])}\n{command.text}" for command in commands)

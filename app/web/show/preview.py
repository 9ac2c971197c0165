"""Fills the preview of an operation: the policy diff, the calls, and the same by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from app.aws.ports import ContainerService
from app.bootstrap import Services
from app.errors import Problem
from app.operations.preview import Planned, plan_operation
from app.operations.start import check_name
from app.operations.state import Kind
from app.policy.commands import Command, System, Target, grant_commands, policy_commands
from app.policy.diff import diff_texts
from app.policy.words import WORDS
from app.web import i18n
from app.web.pages_operation import Commands, Preview
from app.web.show.dialogs import dead

Asker = Callable[..., Awaitable[Any]]

SYSTEMS = {System.POSIX: "macOS / Linux", System.WINDOWS: "Windows (PowerShell)"}


async def live_preview(
    services: Services,
    ask: Asker,
    kind: Kind,
    place: tuple[str, str, str],
    asked: Mapping[str, Any] | None = None,
) -> Preview:
    """The preview on the policy as AWS holds it now; what keeps us from making one is its `problem`.

    `place` is region, service and repository; `ask` asks AWS one thing for a page.
    """
    region, name, repository = place
    try:
        check_name(repository)
        # Side by side: a page waits no longer than for the slower of the two.
        service, text = await asyncio.gather(
            ask(services, region, services.aws.services(region).get_service, name),
            ask(services, region, services.aws.repositories(region).get_policy, repository),
        )
        planned = plan_operation(kind, service, repository, text, asked or _asked(kind, text))
    except Problem as problem:
        return Preview(repository=repository, problem=problem)
    return preview_of(planned, service, repository)


def _asked(kind: Kind, text: str | None) -> Mapping[str, Any]:
    return {"principals": dead(text)} if kind is Kind.PRUNE else {}


def preview_of(planned: Planned, service: ContainerService, repository: str) -> Preview:
    """The preview of what `planned` would do."""
    change = planned.change
    return Preview(
        repository=repository,
        diff=diff_texts(change.before, change.after) if change.needed else None,
        calls=tuple(f"{call.action}  {call.on}" for call in planned.calls),
        commands=by_hand(planned, service, repository),
        seen=f"{repository} {planned.seen}",
    )


def by_hand(planned: Planned, service: ContainerService, repository: str) -> tuple[Commands, ...]:
    """The commands of each system that do the same."""
    target = Target(service.region, service.name, service.account, repository)
    return tuple(Commands(name, _text(_commands(planned, target, system))) for system, name in SYSTEMS.items())


def _commands(planned: Planned, target: Target, system: System) -> tuple[Command, ...]:
    if planned.activates:
        return grant_commands(target, planned.change, system, activate=True)
    return policy_commands(target, planned.change, system)


def _text(commands: tuple[Command, ...]) -> str:
    # Both shells write comments with a number sign.
    return "\n\n".join(f"# {i18n.gettext(WORDS[f'command.{command.code}'])}\n{command.text}" for command in commands)

"""What a verdict on a pull is based on: the policies read and when, what can't be read, and how to change them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.bootstrap import Services
from app.console.identity import endpoint
from app.console.shell_commands import Commands, for_each_system
from app.errors import Problem
from app.inventory.registries import KnownRegistry, find_registry
from app.policy.commands import Target, registry_commands
from app.policy.evaluate import not_evaluated
from app.policy.layers import Layer, RegistryPolicy, RegistryScope
from app.policy.messages import WORDS
from app.policy.verdict import Verdict
from app.wording import N_, Message


class RegistryState(StrEnum):
    """What is known of a registry policy."""

    READ = "read"  # and evaluated
    NONE = "none"  # there is no registry policy
    SCOPE_V1 = "scope_v1"  # it doesn't apply to pulls
    SCOPE_UNKNOWN = "scope_unknown"  # it may not apply to pulls
    REFUSED = "refused"  # a permission is missing
    UNREADABLE = "unreadable"  # AWS's answer was another error
    NOT_READ = "not_read"


@dataclass(frozen=True)
class RegistryEvidence:
    """A Region's registry policy as a verdict uses it: `what` is a sentence, `read_at` None if it was never read.

    `problem` is why the last read failed; an older policy is then used.
    """

    state: RegistryState
    what: Message
    read_at: datetime | None = None
    problem: Problem | None = None


@dataclass(frozen=True)
class Evidence:
    """The basis of a verdict at `now`. `limits` say what else may decide and wasn't evaluated."""

    registry: RegistryEvidence
    now: datetime
    limits: tuple[Message, ...] = ()


WHAT = {
    RegistryState.READ: N_("Registry policy (scope V2)"),
    RegistryState.NONE: N_("The registry has no registry policy"),
    RegistryState.SCOPE_V1: N_("Registry policy (scope V1, doesn't apply to pulls)"),
    RegistryState.SCOPE_UNKNOWN: N_("Registry policy (scope unknown)"),
    RegistryState.REFUSED: N_("Registry policy: not read, because the permission %(action)s is missing"),
    RegistryState.UNREADABLE: N_("Registry policy: couldn't be read"),
    RegistryState.NOT_READ: N_("Registry policy: not read yet"),
}


def evidence(services: Services, region: str) -> Evidence:
    """Return what every verdict in a region is based on, beside the repository policy."""
    registry = find_registry(services.db, services.connection, region)
    limits = tuple(Message(WORDS[unseen.code], dict(unseen.params)) for unseen in not_evaluated(registry.policy))
    return Evidence(_registry(registry), services.clock.now(), limits)


def decided_by_registry(verdict: Verdict | None) -> bool:
    """Return whether a statement of the registry policy is among those that decided."""
    return verdict is not None and Layer.REGISTRY in verdict.layers


def change_registry(services: Services, region: str) -> tuple[Commands, ...]:
    """Return the commands of each system that read a registry policy and write it back, at the endpoints in use."""
    target = Target(region, "", "", "", {"ecr": endpoint(services, "ecr")})
    return for_each_system(lambda system: registry_commands(target, system))


def _registry(registry: KnownRegistry) -> RegistryEvidence:
    state = _state(registry.policy)
    return RegistryEvidence(
        state, Message(WHAT[state], {"action": registry.policy.action}), registry.read_at, registry.problem
    )


def _state(policy: RegistryPolicy) -> RegistryState:
    if not policy.read:
        if policy.action:
            return RegistryState.REFUSED
        return RegistryState.UNREADABLE if policy.problem else RegistryState.NOT_READ
    if policy.text is None:
        return RegistryState.NONE
    states = {RegistryScope.V1: RegistryState.SCOPE_V1, RegistryScope.V2: RegistryState.READ}
    return states[policy.scope] if policy.scope else RegistryState.SCOPE_UNKNOWN

"""Fills what a verdict goes by, and how a person changes a registry policy."""

from __future__ import annotations

from app.bootstrap import Services
from app.inventory.registries import KnownRegistry, find_registry
from app.policy.commands import Target, registry_commands
from app.policy.evaluate import Verdict, not_evaluated
from app.policy.layers import Layer, RegistryPolicy, RegistryScope
from app.policy.words import WORDS
from app.web.pages import Said
from app.web.pages_operation import Commands
from app.web.pages_verdict import Evidence, Registry, RegistryState
from app.web.show.commands import for_each_system
from app.web.show.frame import endpoint
from app.wording import N_

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
    """Return what every verdict in a region goes by, beside the repository's own policy."""
    known = find_registry(services.db, services.connection, region)
    limits = tuple(Said(WORDS[unseen.code], dict(unseen.params)) for unseen in not_evaluated(known.policy))
    return Evidence(_registry(known), services.clock.now(), limits)


def _registry(known: KnownRegistry) -> Registry:
    state = _state(known.policy)
    return Registry(state, Said(WHAT[state], {"action": known.policy.action}), known.read_at, known.problem)


def _state(policy: RegistryPolicy) -> RegistryState:
    if not policy.read:
        if policy.action:
            return RegistryState.REFUSED
        return RegistryState.UNREADABLE if policy.problem else RegistryState.NOT_READ
    if policy.text is None:
        return RegistryState.NONE
    states = {RegistryScope.V1: RegistryState.SCOPE_V1, RegistryScope.V2: RegistryState.READ}
    return states[policy.scope] if policy.scope else RegistryState.SCOPE_UNKNOWN


def decided_by_registry(verdict: Verdict | None) -> bool:
    """Return whether a statement of the registry policy is among those that decided."""
    return verdict is not None and Layer.REGISTRY in verdict.layers


def change_registry(services: Services, region: str) -> tuple[Commands, ...]:
    """The commands of each system that read a registry policy and write it back, at the endpoints that are called."""
    target = Target(region, "", "", "", {"ecr": endpoint(services, "ecr")})
    return for_each_system(lambda system: registry_commands(target, system))

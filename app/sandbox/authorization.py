"""Whether a call is allowed, by every layer that AWS evaluates: RCPs, the registry policy, the repository policy.

The callers' own IAM policies are not modelled: an account's principals may do anything in their account, and
Lightsail's roles may pull; the fault `access_denied` simulates the rest.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from app.sandbox.call import Call
from app.sandbox.errors import AwsError
from app.sandbox.identity import Identity
from app.sandbox.policy_access import AccessRequest, Effect, effect_of, may_deny
from app.sandbox.policy_text import Policy
from app.sandbox.request_context import Resource, context_of
from app.sandbox.state import Repository, World

PULL_ACTIONS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
# What AWS lets Lightsail's roles do: pull, and read their own identity [inferred].
LIGHTSAIL_ACTIONS = frozenset({*PULL_ACTIONS, "ecr:GetAuthorizationToken", "sts:GetCallerIdentity"})
RESOURCE_BASED = "resource-based policy"
# What a registry policy of scope V1 is about (Amazon ECR User Guide, "Private registry permissions").
V1_ACTIONS = frozenset({"ecr:ReplicateImage", "ecr:BatchImportUpstreamImage", "ecr:CreateRepository"})


class Decision(NamedTuple):
    """Whether it is allowed; if not, the end of AWS's error message."""

    is_allowed: bool
    reason: str = ""


ALLOWED = Decision(is_allowed=True)


def decide(world: World, caller: Identity, action: str, target: Repository | Resource, now: float) -> Decision:
    """Return AWS's decision.

    Args:
        world: where the policies are.
        caller: the caller.
        action: as IAM writes it: `ecr:BatchGetImage`.
        target: the repository, or the other resource.
        now: seconds since 1970.
    """
    if caller.is_lightsail_role and action not in LIGHTSAIL_ACTIONS:
        return Decision(is_allowed=False, reason=f"because no identity-based policy allows the {action} action")
    is_own = caller.account == target.account
    if is_own and not _may_be_denied(world, target):
        return ALLOWED
    effects = _effects(world, caller, action, target, now)
    for layer, effect in effects:
        if effect is Effect.DENY:
            return Decision(is_allowed=False, reason=f"with an explicit deny in a {layer}")
    if is_own or any(effect is Effect.ALLOW for _, effect in effects):
        return ALLOWED
    return Decision(is_allowed=False, reason=f"because no {RESOURCE_BASED} allows the {action} action")


def _may_be_denied(world: World, target: Repository | Resource) -> bool:
    """Return whether anything could deny an account's own principal: nearly always nothing can."""
    if world.organizations or world.registry_policy(target.account, target.region):
        return True
    return isinstance(target, Repository) and target.policy is not None and _denies(target.policy)


def _denies(policy: Policy) -> bool:
    if policy.denies is None:
        policy.denies = policy.document is not None and may_deny(policy.document)
    return policy.denies


def _effects(
    world: World, caller: Identity, action: str, target: Repository | Resource, now: float
) -> list[tuple[str, Effect]]:
    """Yield each layer's effect, with AWS's name for the layer, from the outermost to the repository policy."""
    request = request_of(world, caller, action, target, now)
    organization = world.organization_of(target.account)
    controls = organization.policies if organization and organization.management_account != target.account else []
    control_effects = [effect_of(document, request, names_resources=True) for document in controls]
    registry_policy = world.registry_policy(target.account, target.region, is_v1_action=action in V1_ACTIONS)
    policy = target.policy if isinstance(target, Repository) else None
    return [
        ("resource control policy", Effect.DENY if Effect.DENY in control_effects else Effect.NONE),
        (RESOURCE_BASED, effect_of(_document(registry_policy), request, names_resources=True)),
        (RESOURCE_BASED, effect_of(_document(policy), request)),
    ]


def _document(policy: Policy | None) -> dict[str, Any] | None:
    return policy.document if policy else None


def request_of(world: World, caller: Identity, action: str, target: Repository | Resource, now: float) -> AccessRequest:
    """Return the request as policies see it."""
    ours, theirs = (world.organization_of(account) for account in (caller.account, target.account))
    if isinstance(target, Repository):
        tags = tuple((tag["Key"], tag["Value"]) for tag in target.tags)
        target = Resource(target.arn, target.account, target.region, tags=tags)
    resource = replace(target, organization=theirs.id if theirs else "")
    return AccessRequest(caller, action, resource, context_of(caller, resource, now, ours.id if ours else ""))


def check(world: World, call: Call, target: Repository | Resource) -> None:
    """Return the request as policies see it."""
    if call.caller_identity is None and call.account == target.account and not _may_be_denied(world, target):
        return  # nearly every call, so this must be quick
    decision = decide(world, call.identity, call.action, target, call.at)
    if not decision.is_allowed:
        raise denied(call, decision.reason)


def denied(call: Call, reason: str = "") -> AwsError:
    """Return AWS's error for a call that is not allowed."""
    code, status = ("AccessDenied", 403) if call.service == "sts" else ("AccessDeniedException", 400)
    message = f"User: {call.caller} is not authorized to perform: {call.action} on resource: {call.resource}"
    return AwsError(code, f"{message} {reason}".rstrip(), status)

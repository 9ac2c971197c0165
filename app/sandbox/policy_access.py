"""The effect of one policy on a request: the sandbox's own implementation of IAM's rules. Pure.

Shares no code with the console (`tests/sandbox/test_independence.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from app.sandbox.conditions import are_met
from app.sandbox.identity import Identity
from app.sandbox.matching import UnresolvedVariable, is_like, matches, pattern_of
from app.sandbox.policy_text import EFFECTS, VERSIONS, statements, values
from app.sandbox.request_context import RequestContext, Resource


class Effect(Enum):
    """A policy's effect: an explicit Deny, an Allow, or none (which is an implicit deny)."""

    DENY = "Deny"
    ALLOW = "Allow"
    NONE = ""


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """A request as policies see it. `action` is written as IAM does: `ecr:BatchGetImage`."""

    caller: Identity
    action: str
    resource: Resource
    context: RequestContext


def effect_of(document: dict[str, Any] | None, request: AccessRequest, *, names_resources: bool = False) -> Effect:
    """Return the policy's effect on the request: a matching Deny wins, wherever it is.

    Args:
        document: the stored policy, however malformed; None for no policy.
        request: caller, action and resource.
        names_resources: whether each statement must name its resources, as in a registry policy; a repository's policy
            is about its repository.
    """
    if document is None:
        return Effect.NONE
    version = document.get("Version", VERSIONS[0])
    effects = {
        statement["Effect"]
        for statement in statements(document)
        if _is_statement(statement) and _matches(statement, request, version, names_resources=names_resources)
    }
    return Effect.DENY if "Deny" in effects else Effect.ALLOW if "Allow" in effects else Effect.NONE


def allows(document: dict[str, Any] | None, principal: str, action: str) -> bool:
    """Return whether a repository policy alone allows it, for a request of which only the caller is known.

    For callers that know neither the repository nor the time; `authorization.decide` uses both, and every other layer.
    """
    caller = Identity(principal, is_temporary=True)
    nowhere = Resource("*", "", "")
    request = AccessRequest(caller, action, nowhere, RequestContext({"aws:principalarn": principal}))
    return effect_of(document, request) is Effect.ALLOW


def may_deny(document: dict[str, Any]) -> bool:
    """Return whether the policy contains any Deny."""
    return any(isinstance(each, Mapping) and each.get("Effect") == "Deny" for each in statements(document))


def _is_statement(statement: Any) -> bool:
    return isinstance(statement, Mapping) and statement.get("Effect") in EFFECTS


def _matches(statement: Mapping[str, Any], request: AccessRequest, version: str, *, names_resources: bool) -> bool:
    return (
        _is_about_action(statement, request.action)
        and _is_about_caller(statement, request.caller)
        and _is_about_resource(statement, request, version, names_resources=names_resources)
        and are_met(statement.get("Condition", {}), request.context, version)
    )


def _is_about_action(statement: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not _covers(statement["NotAction"], action)
    return _covers(statement.get("Action", []), action)


def _covers(patterns: Any, action: str) -> bool:
    return any(is_like(action.lower(), str(pattern).lower()) for pattern in values(patterns))


def _is_about_caller(statement: Mapping[str, Any], caller: Identity) -> bool:
    """Return whether `Principal` or `NotPrincipal` covers the caller.

    AWS does not support `NotPrincipal` with Allow: such a statement allows no one [inferred]. With Deny it excludes a
    role or user only if its account is named beside it, as AWS "might validate the account first" (IAM User Guide,
    `NotPrincipal`), and a role only if its session is named too: "you must list the role session name" (AWS Knowledge
    Center, "explicit deny with Principal elements").
    """
    if "NotPrincipal" in statement:
        return statement["Effect"] == "Deny" and not _is_spared(statement["NotPrincipal"], caller)
    principal = statement.get("Principal")
    if principal == "*":
        return True
    named = _named(principal)
    return "*" in named or not named.isdisjoint((*_names_of(caller), *_names_of_account(caller)))


def _is_spared(principal: Any, caller: Identity) -> bool:
    if principal == "*":
        return True
    named = _named(principal)
    if "*" in named:
        return True
    by_account = not named.isdisjoint(_names_of_account(caller))
    return by_account and (caller.type == "Account" or named.issuperset(_names_of(caller)))


def _named(principal: Any) -> set[str]:
    given = principal.get("AWS", []) if isinstance(principal, Mapping) else []
    return {name for name in values(given) if isinstance(name, str)}


def _names_of(caller: Identity) -> tuple[str, str]:
    return caller.arn, caller.session_arn


def _names_of_account(caller: Identity) -> tuple[str, str]:
    return caller.account, f"arn:aws:iam::{caller.account}:root"


def _is_about_resource(
    statement: Mapping[str, Any], request: AccessRequest, version: str, *, names_resources: bool
) -> bool:
    if "NotResource" in statement:
        return not _holds(statement["NotResource"], request, version)
    if "Resource" in statement:
        return _holds(statement["Resource"], request, version)
    return not names_resources


def _holds(resources: Any, request: AccessRequest, version: str) -> bool:
    lookup = request.context.single if version == VERSIONS[1] else None
    for text in values(resources):
        try:
            if matches(request.resource.arn, pattern_of(str(text), lookup)):
                return True
        except UnresolvedVariable:
            continue
    return False

"""Tries whether the current credentials may do an action, for Check permissions. Changes nothing.

AWS checks permission before existence and before the content of a request. So a change is tried on a name that cannot
exist, and on a real repository only with a policy text that ECR always refuses: "not found" and "refused" both mean
allowed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from app.aws.clients import Clients
from app.aws.errors import Call
from app.aws.ports import Probe
from app.aws.registry import POLICY_SCOPE
from app.errors import Problem

# Not a policy in any AWS language: ECR refuses it after checking that the caller may set policies.
NO_POLICY: Final = "sailpass permission check"

# Answers that come only after the permission check has passed.
ALLOWED: Final = frozenset(
    {
        "service.not_found",
        "service.busy",
        "service.refused",
        "repository.not_found",
        "policy.not_found",
        "policy.refused",
        "image.not_found",
        "registry.no_policy",
    }
)


class _Try(NamedTuple):
    """How an action is tried; `arguments` from a service name and a repository name."""

    member: str
    arguments: Callable[[str, str], Mapping[str, Any]]
    harmless_on_real: bool = True


TRIES: Final[Mapping[str, _Try]] = {
    "lightsail:GetContainerServices": _Try("containerServices", lambda _s, _r: {}),
    "lightsail:GetContainerServiceDeployments": _Try("deployments", lambda s, _r: {"serviceName": s}),
    "lightsail:UpdateContainerService": _Try(
        "containerService",
        lambda s, _r: {"serviceName": s, "privateRegistryAccess": {"ecrImagePullerRole": {"isActive": True}}},
    ),
    "ecr:DescribeRepositories": _Try("repositories", lambda _s, r: {"repositoryNames": [r]} if r else {}),
    "ecr:DescribeImages": _Try("imageDetails", lambda _s, r: {"repositoryName": r, "maxResults": 1}),
    "ecr:GetRepositoryPolicy": _Try("policyText", lambda _s, r: {"repositoryName": r}),
    "ecr:GetRegistryPolicy": _Try("policyText", lambda _s, _r: {}),
    "ecr:GetAccountSetting": _Try("value", lambda _s, _r: {"name": POLICY_SCOPE}),
    "ecr:SetRepositoryPolicy": _Try("policyText", lambda _s, r: {"repositoryName": r, "policyText": NO_POLICY}),
    "ecr:DeleteRepositoryPolicy": _Try("policyText", lambda _s, r: {"repositoryName": r}, harmless_on_real=False),
    "sts:GetCallerIdentity": _Try("Account", lambda _s, _r: {}),
}


def probe(clients: Clients, action: str, region: str, repository: str = "") -> Probe:
    """Try one action.

    Args:
        clients: the connection's.
        action: one of `TRIES`, as IAM names it.
        region: where.
        repository: for the ecr actions, a real repository to try, for people who may use only some. Without it they are
            tried on a name that cannot exist, and a refusal means "not on every repository".

    Returns:
        `allowed` None if undecided: AWS could not be reached, or no try without effect exists.
    """
    trial = TRIES[action]
    if repository and not trial.harmless_on_real:
        return Probe(action, allowed=None)
    nobody = f"sailpass-permission-check-{secrets.token_hex(12)}"
    listing = action == "ecr:DescribeRepositories"
    arguments = trial.arguments(nobody, repository or ("" if listing else nobody))
    service, _, operation = action.partition(":")
    call = Call(service, operation, region, {"service": nobody, "repository": repository or nobody})
    try:
        clients.answer(call, trial.member, **arguments)
    except Problem as problem:
        return _judged(action, problem)
    return Probe(action, allowed=True)


def _judged(action: str, problem: Problem) -> Probe:
    if problem.code in ALLOWED:
        return Probe(action, allowed=True)
    # A denial of another action, such as that of a key, leaves open whether this one is allowed.
    denied = problem.code == "aws.access_denied" and problem.params.get("action") == action
    return Probe(action, allowed=False if denied else None, problem=problem)

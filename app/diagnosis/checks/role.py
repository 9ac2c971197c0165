"""Is the image puller role active, and is its principal ARN known?"""

from __future__ import annotations

from typing import Final

from app.aws.ports import ContainerService
from app.diagnosis.check_result import CheckResult, Found, Sentence, caused, fine, not_reached
from app.diagnosis.facts import Facts, Known, NotFound, not_checked
from app.diagnosis.own_roles import is_own_role
from app.errors import Problem
from app.policy.principals import PrincipalKind, principals_of

STACK: Final = "aws:cloudformation:stack-name"


def check_role(facts: Facts) -> CheckResult:
    """Return whether the service has an active image puller role, and who may have deactivated it."""
    if not facts.uri.is_private and facts.image:
        return fine("not_private")
    if facts.region_problem or isinstance(facts.service, NotFound):
        return not_reached()
    if not isinstance(facts.service, Known):
        return not_checked(facts.service)
    service = facts.service.value
    if service.role.ready:
        return fine("role")
    if service.role.is_active:
        return caused(Found("role.no_arn", {"service": service.name}))
    return caused(_inactive(facts, service))


def _inactive(facts: Facts, service: ContainerService) -> Found:
    evidence = [Sentence("evidence.role_inactive", {"service": service.name})]
    if _was_granted(facts):
        evidence.append(Sentence("evidence.role_was_granted", {"repository": facts.uri.repository}))
    if stack := service.tags.get(STACK):
        evidence.append(Sentence("evidence.stack", {"stack": stack}))
        return Found("role.inactive_stack", {"service": service.name, "stack": stack}, tuple(evidence))
    return Found("role.inactive", {"service": service.name}, tuple(evidence))


def _was_granted(facts: Facts) -> bool:
    """Return whether the repository policy names an image puller role of the service: it had one before."""
    if not isinstance(facts.policy, Known):
        return False
    try:
        principals = principals_of(facts.policy.value)
    except Problem:
        return False
    return any(each.kind is PrincipalKind.PULLER and is_own_role(facts, each) for each in principals)

"""Which roles in a policy are, or were, those of the service in question. Pure."""

from __future__ import annotations

from app.diagnosis.facts import Facts, Known
from app.policy.arns import is_namesakes
from app.policy.principals import PrincipalKind, PrincipalRef

_ROLES = (PrincipalKind.GENERAL, PrincipalKind.PULLER)


def is_own_role(facts: Facts, principal: PrincipalRef) -> bool:
    """Return whether it is a role that the service has or had; not one of another account's service of that name."""
    if principal.kind not in _ROLES or (principal.service, principal.region) != (facts.service_name, facts.region):
        return False
    service = facts.service.value if isinstance(facts.service, Known) else None
    own_arns = (service.role.principal_arn, service.general_principal_arn) if service else ()
    return not is_namesakes(principal.value, own_arns)

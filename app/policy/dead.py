"""Which principals are dead by their form: ECR refuses them whoever asks. Pure; knows nothing of what ECR answered."""

from __future__ import annotations

from app.policy.arns import is_no_principal, is_no_service
from app.policy.document import PolicyDocument, parse
from app.policy.principals import PrincipalKind, PrincipalRef, principals_in


def dead_principals(text: str | None) -> tuple[PrincipalRef, ...]:
    """The principals that a policy names anywhere and that are certain to be refused, in order; none for None.

    They are the ids that are left of deleted identities, values that can be no principal, and service principals that
    people guess for Lightsail and that do not exist. A role, user or account may be dead as well: only ECR can tell.

    Raises:
        Problem: as `document.parse`.
    """
    return () if text is None else dead_in(parse(text))


def dead_in(document: PolicyDocument) -> tuple[PrincipalRef, ...]:
    """As `dead_principals`, of a policy that is read already."""
    return tuple(principal for principal in principals_in(document) if is_dead(principal))


def is_dead(principal: PrincipalRef) -> bool:
    """Whether this principal is dead by its form."""
    if principal.type == "Service":
        return is_no_service(principal.value)
    if principal.type != "AWS":
        return False
    return principal.kind is PrincipalKind.UNIQUE_ID or is_no_principal(principal.value)

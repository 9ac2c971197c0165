"""Which principals are dead by their form: ECR always refuses them. Independent of ECR's actual answers."""

from __future__ import annotations

from app.policy.arns import is_no_principal
from app.policy.document import PolicyDocument, parse
from app.policy.principals import PrincipalKind, PrincipalRef, principals_in


def dead_principals(text: str | None) -> tuple[PrincipalRef, ...]:
    """Return the principals in a policy that ECR is certain to refuse, in order; none for None.

    These are the ids left by deleted identities, and values that cannot be a principal. A role, user, account or
    service may be unknown to ECR as well: only its answer tells.

    Raises:
        Problem: as `document.parse`.
    """
    return () if text is None else dead_in(parse(text))


def dead_in(document: PolicyDocument) -> tuple[PrincipalRef, ...]:
    """Return the same as `dead_principals`, for a parsed policy."""
    return tuple(principal for principal in principals_in(document) if is_dead(principal))


def is_dead(principal: PrincipalRef) -> bool:
    """Return whether this principal is dead by its form."""
    return principal.type == "AWS" and (principal.kind is PrincipalKind.UNIQUE_ID or is_no_principal(principal.value))

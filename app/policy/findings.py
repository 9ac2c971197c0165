"""Finds what is wrong or doubtful in a policy and names it. Must never change a policy or say it in prose."""

from __future__ import annotations

from collections.abc import Collection

from app.policy.arns import is_guessed_service, same_form
from app.policy.principals import PrincipalKind, PrincipalRef, principals_of

_SUSPICION = (
    PrincipalKind.UNIQUE_ID,
    PrincipalKind.OTHER,
    PrincipalKind.SERVICE,
    PrincipalKind.PULLER,
    PrincipalKind.GENERAL,
    PrincipalKind.SESSION,
    PrincipalKind.ROLE,
    PrincipalKind.USER,
)


def suspects(text: str | None, *, ours: Collection[str]) -> tuple[PrincipalRef, ...]:
    """The principals that may be why ECR says `Principal not found`, the likeliest first, without `ours`.

    A unique id (`AROA...`) is what is left of a deleted identity; then come values that are no principal at all,
    service names that do not exist, roles of other container services, and other identities, which may be deleted.
    Accounts, everyone and AWS's own services are none.

    Raises:
        Problem: as `document.parse`.
    """
    known = {same_form(principal) for principal in ours}
    doubtful = [one for one in principals_of(text) if _is_suspect(one) and same_form(one.value) not in known]
    return tuple(sorted(doubtful, key=lambda one: _SUSPICION.index(one.kind)))


def _is_suspect(one: PrincipalRef) -> bool:
    return one.kind in _SUSPICION and (one.kind is not PrincipalKind.SERVICE or is_guessed_service(one.value))

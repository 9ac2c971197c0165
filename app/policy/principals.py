"""Classifies the principals in a policy, above all Lightsail's roles, and says which are dead by their form."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.policy.arns import IDENTITY, UNIQUE_ID, WILDCARD, account_named, is_no_principal, service_of
from app.policy.canonical import differing
from app.policy.document import PolicyDocument, parse
from app.policy.statement import Statement, excluded_by, named_by


class PrincipalKind(StrEnum):
    """What a principal's value names."""

    PULLER = "puller"
    GENERAL = "general"
    ROLE = "role"
    USER = "user"
    SESSION = "session"
    ACCOUNT = "account"
    UNIQUE_ID = "unique_id"
    WILDCARD = "wildcard"
    SERVICE = "service"
    FEDERATED = "federated"
    OTHER = "other"


ROLES = frozenset({PrincipalKind.PULLER, PrincipalKind.GENERAL, PrincipalKind.ROLE})
"""Kinds whose requests are made by sessions, which have ARNs of their own."""


@dataclass(frozen=True)
class PrincipalRef:
    """A principal as a policy names it: `type` is the key it is under (`AWS`, `Service`, ...).

    `service` and `region` are hints from the ARN's path, empty if it is not one of Lightsail's.
    """

    type: str
    value: str
    kind: PrincipalKind
    service: str = ""
    region: str = ""


def kind_of(principal_type: str, value: str) -> PrincipalKind:
    """Return what kind of principal `value` is under `principal_type` in a `Principal` element."""
    if value == WILDCARD:
        return PrincipalKind.WILDCARD
    if principal_type == "Service":
        return PrincipalKind.SERVICE
    if principal_type == "Federated":
        return PrincipalKind.FEDERATED
    return _aws_kind(value) if principal_type == "AWS" else PrincipalKind.OTHER


def refer(principal_type: str, value: str) -> PrincipalRef:
    """Return `value` under `principal_type` with everything its text shows."""
    kind = kind_of(principal_type, value)
    role = service_of(value) if kind in (PrincipalKind.PULLER, PrincipalKind.GENERAL) else None
    if role is None:
        return PrincipalRef(principal_type, value, kind)
    return PrincipalRef(principal_type, value, kind, role.service, role.region)


def principals_of(text: str | None) -> tuple[PrincipalRef, ...]:
    """Return every principal in the policy, once each, in order: in Allow, Deny and `NotPrincipal`.

    Raises:
        Problem: as `document.parse`.
    """
    return () if text is None else principals_in(parse(text))


def principals_in(document: PolicyDocument) -> tuple[PrincipalRef, ...]:
    """Return the same as `principals_of`, for a parsed policy."""
    entries = (entry for statement in document.statements for entry in (*named_by(statement), *excluded_by(statement)))
    return tuple(refer(kind, value) for kind, value in dict.fromkeys(entries))


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


def _aws_kind(value: str) -> PrincipalKind:
    if account_named(value):
        return PrincipalKind.ACCOUNT
    if UNIQUE_ID.fullmatch(value):
        return PrincipalKind.UNIQUE_ID
    role = service_of(value)
    if role is not None:
        return PrincipalKind.PULLER if role.is_puller else PrincipalKind.GENERAL
    match = IDENTITY.fullmatch(value)
    kinds = {
        "role": PrincipalKind.ROLE,
        "user": PrincipalKind.USER,
        "assumed-role": PrincipalKind.SESSION,
        "federated-user": PrincipalKind.SESSION,
    }
    return kinds.get(match["what"], PrincipalKind.OTHER) if match else PrincipalKind.OTHER


def died_since(then: Statement, now: Statement) -> bool:
    """Return whether a statement differs from an earlier one only in that some of its principals were deleted.

    Their ARNs then read as unique ids, one for each, and nothing else of the statement differs (AWS.md, ECR rewrites).
    """
    if differing(then, now) != ("Principal",):
        return False
    was, reads = set(named_by(then)), set(named_by(now))
    gone, come = was - reads, reads - was
    return len(gone) == len(come) and all(kind_of(*each) is PrincipalKind.UNIQUE_ID for each in come)

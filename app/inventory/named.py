"""From a policy's text to the principals that are kept beside it, to be found by. Pure; must never judge for display."""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import Problem
from app.policy.arns import WILDCARD
from app.policy.document import parse
from app.policy.evaluate import Access, judge
from app.policy.matching import Caller
from app.policy.principals import PrincipalKind, PrincipalRef, principals_of

_ROLES = frozenset({PrincipalKind.PULLER, PrincipalKind.GENERAL, PrincipalKind.ROLE})
_NOBODY_KNOWN = Caller.of("arn:aws:iam::000000000000:role/nobody-known")
_LONGEST_PRINCIPAL = 512
_LONGEST_SERVICE = 255


@dataclass(frozen=True)
class NamedPrincipal:
    """A principal that a policy names; `access` is what the policy gives it, "" where it is no role."""

    principal: str
    kind: str
    service: str = ""
    access: str = ""


def named_in(text: str | None) -> tuple[frozenset[NamedPrincipal], Problem | None]:
    """Whom the policy names, and what keeps the policy from being understood."""
    if text is None:
        return frozenset(), None
    try:
        document = parse(text)
        found = {ref.value: ref for ref in principals_of(text) if _can_be_kept(ref)}
    except Problem as problem:
        return frozenset(), problem
    named = {
        _named(ref, judge(document, Caller.of(ref.value)).access if ref.kind in _ROLES else "")
        for ref in found.values()
    }
    if WILDCARD not in found and judge(document, _NOBODY_KNOWN).access in (Access.ALLOWED, Access.CONDITIONAL):
        named.add(NamedPrincipal(WILDCARD, PrincipalKind.WILDCARD))
    return frozenset(named), None


def _named(ref: PrincipalRef, access: str) -> NamedPrincipal:
    return NamedPrincipal(ref.value, str(ref.kind), ref.service[:_LONGEST_SERVICE], str(access))


def _can_be_kept(ref: PrincipalRef) -> bool:
    # What is longer, or holds what no database takes as text, is nobody's name.
    return len(ref.value) <= _LONGEST_PRINCIPAL and ref.value.isprintable()

"""From a policy's text to the principals that are kept beside it, to be found by. Pure; must never judge for display."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.errors import Problem
from app.policy.document import PolicyDocument, parse
from app.policy.evaluate import Evaluator
from app.policy.matching import PullPrincipal
from app.policy.principals import PrincipalKind, PrincipalRef, refer
from app.policy.statement import excluded_by, named_by, orphan_of

_ROLES = frozenset({PrincipalKind.PULLER, PrincipalKind.GENERAL, PrincipalKind.ROLE})
_MOST_COMPARED = 2_000
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
    except Problem as problem:
        return frozenset(), problem
    references = {ref.value: ref for ref in _refs(document) if _can_be_kept(ref)}
    evaluator = Evaluator(None, document=document, budget=_MOST_COMPARED)
    named = (
        _named(ref, evaluator.verdict(PullPrincipal.of(ref.value)).access if ref.kind in _ROLES else "")
        for ref in references.values()
    )
    return frozenset(named), None


def _refs(document: PolicyDocument) -> Iterator[PrincipalRef]:
    for statement in document.statements:
        orphan = orphan_of(statement)
        for kind, value in (*named_by(statement), *excluded_by(statement)):
            yield replace(refer(kind, value), service=orphan) if orphan else refer(kind, value)


def _named(ref: PrincipalRef, access: str) -> NamedPrincipal:
    return NamedPrincipal(ref.value, str(ref.kind), ref.service[:_LONGEST_SERVICE], str(access))


def _can_be_kept(ref: PrincipalRef) -> bool:
    # What is longer, or holds what no database takes as text, is nobody's name.
    return len(ref.value) <= _LONGEST_PRINCIPAL and ref.value.isprintable()

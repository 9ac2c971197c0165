"""Extracts from a policy's text the principals that are stored beside it, as a search index. Pure; not for display."""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import Problem
from app.policy.document import parse
from app.policy.evaluate import MOST_COMPARED, Evaluator
from app.policy.matching import PullPrincipal
from app.policy.principals import PrincipalKind, PrincipalRef, principals_in
from app.policy.statement import orphans_of

_ROLES = frozenset({PrincipalKind.PULLER, PrincipalKind.GENERAL, PrincipalKind.ROLE})
_LONGEST_PRINCIPAL = 512
_LONGEST_SERVICE = 255


@dataclass(frozen=True)
class NamedPrincipal:
    """A principal that a policy names; `access` is what the policy gives it, "" if it is not a role."""

    principal: str
    kind: str
    service: str = ""
    access: str = ""


def named_in(text: str | None) -> tuple[frozenset[NamedPrincipal], Problem | None]:
    """Return the principals that the policy names, and why the policy can't be parsed, if so."""
    if text is None:
        return frozenset(), None
    try:
        document = parse(text)
    except Problem as problem:
        return frozenset(), problem
    references = {ref.value: ref for ref in principals_in(document) if _can_be_kept(ref)}
    orphans = orphans_of(document.statements)
    evaluator = Evaluator(document, budget=MOST_COMPARED)
    return frozenset(_named(ref, orphans.get(ref.value, ref.service), evaluator) for ref in references.values()), None


def _named(ref: PrincipalRef, service: str, evaluator: Evaluator) -> NamedPrincipal:
    access = evaluator.verdict(PullPrincipal.of(ref.value)).access if ref.kind in _ROLES else ""
    return NamedPrincipal(ref.value, str(ref.kind), service[:_LONGEST_SERVICE], str(access))


def _can_be_kept(ref: PrincipalRef) -> bool:
    # A longer value, or one that no database accepts as text, is not a valid principal.
    return len(ref.value) <= _LONGEST_PRINCIPAL and ref.value.isprintable()

"""Whom ECR may mean by `Principal not found`, since it does not say. Must never decide what is done about it."""

from __future__ import annotations

from app.policy.findings import suspects
from app.policy.principals import PrincipalKind, PrincipalRef, principals_of

_CERTAIN = frozenset({PrincipalKind.UNIQUE_ID, PrincipalKind.OTHER, PrincipalKind.SERVICE})


def unfound(before: str | None, after: str | None, *, fresh: bool) -> tuple[PrincipalRef, ...]:
    """The principals that ECR may not have found in `after`, the likeliest first.

    Where it names what can be none, such as the id of a deleted identity, that alone. Else those that were not in
    `before`, since ECR told the others by their names, which it does only while they exist. `fresh`: those that are
    new have just been made, and ECR may only not know them yet; nothing is told where nobody else comes into question.

    Raises:
        Problem: as `document.parse`.
    """
    found = suspects(after, ours=())
    certain = tuple(one for one in found if one.kind in _CERTAIN)
    there = {one.value for one in principals_of(before)}
    new = tuple(one for one in found if one.value not in there)
    old = tuple(one for one in found if one.value in there)
    if certain or not fresh:
        return certain or new or old
    return (*new, *old) if old else ()

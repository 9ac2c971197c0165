"""Which principals ECR may mean by `Principal not found`, since it does not name them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from app.policy.arns import is_guessed_service, same_form
from app.policy.principals import PrincipalKind, PrincipalRef, is_dead, principals_of
from app.policy.statement import same_forms


@dataclass(frozen=True)
class Suspects:
    """The principals that ECR may not have found, the likeliest first in each group. No possible one is left out.

    `dead` are dead by their form. `new` were not in the policy before, so ECR has not checked them yet.
    `others` were in the policy by name, which ECR returns only while an identity exists; a closed account shows no such
    sign. `fresh`: the new ones may exist and not be known to ECR yet.
    """

    dead: tuple[PrincipalRef, ...]
    new: tuple[PrincipalRef, ...]
    others: tuple[PrincipalRef, ...]
    fresh: bool

    @property
    def every(self) -> tuple[PrincipalRef, ...]:
        """All of them, the likeliest first."""
        return (*self.dead, *self.new, *self.others)

    @property
    def likeliest(self) -> tuple[PrincipalRef, ...]:
        """Those to name first; empty if only fresh principals are possible."""
        if self.dead or not self.fresh:
            return self.dead or self.new or self.others
        return (*self.new, *self.others) if self.others else ()


def unfound(before: str | None, after: str | None, *, fresh: bool, ours: Collection[str] = ()) -> Suspects:
    """Return the principals that ECR may not have found in `after`.

    Args:
        before: the policy that was read; None if there was none.
        after: the policy that ECR refused.
        fresh: our own role was, or may have been, made so few minutes ago that ECR may not know it yet.
        ours: the principals that AWS just reported as existing, as our service's role. Left out unless fresh.

    Raises:
        Problem: as `document.parse`.
    """
    there = {same_form(principal.value) for principal in principals_of(before)}
    doubtful = suspects(after, ours=() if fresh else ours)
    dead = tuple(filter(is_dead, doubtful))
    living = [principal for principal in doubtful if not is_dead(principal)]
    new = tuple(principal for principal in living if same_form(principal.value) not in there)
    others = tuple(principal for principal in living if same_form(principal.value) in there)
    return Suspects(dead, new, others, fresh)


def suspects(text: str | None, *, ours: Collection[str] = ()) -> tuple[PrincipalRef, ...]:
    """Return the principals that may be why ECR says `Principal not found`, the likeliest first, without `ours`.

    First those that are dead by their form, then service principals guessed for Lightsail, roles of other container
    services, and other identities, which may be deleted; last accounts, which may be closed, or have this Region
    disabled. Everyone and AWS's own services are left out.

    Raises:
        Problem: as `document.parse`.
    """
    own_forms = same_forms(ours)
    others = [principal for principal in principals_of(text) if same_form(principal.value) not in own_forms]
    return tuple(sorted(filter(_is_suspect, others), key=lambda principal: _SUSPICION.index(principal.kind)))


_SUSPICION = (
    PrincipalKind.UNIQUE_ID,
    PrincipalKind.OTHER,
    PrincipalKind.SERVICE,
    PrincipalKind.PULLER,
    PrincipalKind.GENERAL,
    PrincipalKind.SESSION,
    PrincipalKind.ROLE,
    PrincipalKind.USER,
    PrincipalKind.FEDERATED,
    PrincipalKind.ACCOUNT,
)


def _is_suspect(principal: PrincipalRef) -> bool:
    if principal.kind is PrincipalKind.SERVICE:
        return is_guessed_service(principal.value)
    return principal.kind in _SUSPICION

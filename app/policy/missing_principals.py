"""Whom ECR may mean by `Principal not found`, since it does not say. Must never decide what is done about it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from app.policy.arns import same_form
from app.policy.dead import is_dead
from app.policy.findings import suspects
from app.policy.principals import PrincipalRef, principals_of


@dataclass(frozen=True)
class Suspects:
    """The principals that ECR may not have found, the likeliest first in each group. None that may be it is left out.

    `dead` are so by their form, whoever asks. `new` were not in the policy before, so ECR was not asked about them yet.
    `others` stood there by their names, which ECR returns only while an identity exists; of an account that was closed
    there is no such sign. `fresh`: those that are new may only not be known to ECR yet.
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
        """Those to name first; nobody where only principals that are fresh come into question."""
        if self.dead or not self.fresh:
            return self.dead or self.new or self.others
        return (*self.new, *self.others) if self.others else ()


def unfound(before: str | None, after: str | None, *, fresh: bool, ours: Collection[str] = ()) -> Suspects:
    """Whom ECR may not have found in `after`.

    Args:
        before: the policy that was read; None where there was none.
        after: the policy that ECR refused.
        fresh: our own role was made so few minutes ago, or so it may be, that ECR may only not know it yet.
        ours: the principals that AWS itself just said exist, as our service's role. Unless fresh, they are none.

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

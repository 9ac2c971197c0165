"""Which principals of a policy may be pruned: worked out from the policy and from what ECR refused. Pure.

A request may only choose among these. A principal that may still exist is never one of them, because removing it from
a Deny would open the repository to it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from app.errors import Problem
from app.history.queries import Refusal
from app.operations.fingerprint import fingerprint
from app.policy.arns import same_form
from app.policy.findings import suspects
from app.policy.principals import PrincipalKind, principals_of

_NO_PRINCIPAL = frozenset({PrincipalKind.UNIQUE_ID, PrincipalKind.OTHER, PrincipalKind.SERVICE})


@dataclass(frozen=True)
class Prunable:
    """What may be pruned from one policy.

    Args:
        dead: values that cannot be an existing principal, such as the unique id of a deleted role.
        refused: ECR refused this very policy because at least one of these does not exist; it does not say which.
        named: every principal of the policy, in one form.
    """

    dead: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    named: frozenset[str] = frozenset()

    def chosen(self, principals: Collection[str] | None) -> tuple[str, ...]:
        """Return the principals to prune: all the dead where none were chosen. What is not named any more is done.

        Raises:
            Problem: `policy.not_prunable` with the `principals` that are neither dead nor refused by ECR.
        """
        if principals is None:
            return self.dead
        allowed = {same_form(principal) for principal in (*self.dead, *self.refused)}
        named = tuple(principal for principal in principals if same_form(principal) in self.named)
        living = [principal for principal in named if same_form(principal) not in allowed]
        if living:
            raise Problem("policy.not_prunable", principals=", ".join(living))
        return named


def prunable(text: str | None, refusal: Refusal | None = None) -> Prunable:
    """Return what may be pruned from the policy `text`.

    A refusal counts only for the policy that it was about: any later write that ECR accepted has proven that every
    principal exists.

    Raises:
        Problem: as `document.parse`.
    """
    dead = tuple(suspect.value for suspect in suspects(text, ours=()) if suspect.kind in _NO_PRINCIPAL)
    named = frozenset(same_form(principal.value) for principal in principals_of(text))
    if refusal is None or refusal.policy_fingerprint != fingerprint(text):
        return Prunable(dead, named=named)
    refused = (value for value in refusal.principals if same_form(value) in named and value not in dead)
    return Prunable(dead, tuple(refused), named)

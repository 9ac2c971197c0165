"""Which principals of a policy may be pruned, by the policy and by ECR's refusal. Pure.

A request may only choose among these. A principal that may still exist is never included, because removing it from a
Deny would open the repository to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.history.queries import Refusal
from app.operations.fingerprint import fingerprint
from app.policy.arns import same_form
from app.policy.principals import dead_principals, principals_of

DEAD_PRINCIPALS = "policy.dead_principals"
"""The code of the problem that a policy names principals that ECR refuses: they may be pruned."""


@dataclass(frozen=True)
class Prunable:
    """What may be pruned from one policy.

    Args:
        dead: values that cannot be an existing principal, such as the unique id of a deleted role.
        refused: ECR refused this very policy because at least one of these does not exist; it does not say which.
    """

    dead: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def prunable(text: str | None, refusal: Refusal | None = None) -> Prunable:
    """Return what may be pruned from the policy `text`.

    A refusal counts only for the policy that it was about: any later write that ECR accepted has proven that every
    principal exists.

    Raises:
        Problem: as `document.parse`.
    """
    dead = tuple(principal.value for principal in dead_principals(text))
    if refusal is None or refusal.policy_fingerprint != fingerprint(text):
        return Prunable(dead)
    named = {same_form(principal.value) for principal in principals_of(text)}
    return Prunable(dead, tuple(value for value in refusal.principals if same_form(value) in named - set(dead)))

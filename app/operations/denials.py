"""Why a change that gives access is useless: an explicit Deny that it leaves in place. Pure."""

from __future__ import annotations

from app.errors import Problem
from app.keys import AccessTarget
from app.policy.change import PlannedChange
from app.policy.grant import DENIALS, DENIED_BY_REGISTRY


def denial_of(change: PlannedChange, target: AccessTarget) -> Problem | None:
    """Return the problem that a Deny refuses the role whatever the change allows; None where none is known.

    `target` is region, service and repository.
    """
    denial = next((finding for finding in change.leftovers if finding.code in DENIALS), None)
    if denial is None:
        return None
    return denied(target, str(denial.params["statement"]), by_registry=denial.code == DENIED_BY_REGISTRY)


def denied(target: AccessTarget, statement: str, *, by_registry: bool) -> Problem:
    """Return the problem that a statement refuses the role: of the repository's policy, or of the registry's."""
    region, service, repository = target
    return Problem(
        "access.denied_by_registry" if by_registry else "access.denied",
        repository=repository,
        service=service,
        region=region,
        statement=statement,
    )

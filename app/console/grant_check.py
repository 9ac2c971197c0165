"""What is known, before a grant, of whether it would be written and what the role could do: from our own tables only."""

from __future__ import annotations

from dataclasses import dataclass

from app.bootstrap import Services
from app.console.batch_plans import ItemState, PlannedItem, plan_of_service
from app.console.evidence import Evidence, evidence
from app.console.repositories import meant_repository
from app.errors import Problem
from app.inventory import queries
from app.operations.state import Kind

# Complete references to what can't be added; other texts may not be complete yet.
_CANT_BE_ADDED = frozenset(
    {
        "repository.of_other_partition",
        "repository.of_other_region",
        "repository.of_other_account",
        "repository.public_ecr",
        "repository.other_registry",
    }
)


@dataclass(frozen=True)
class GrantCheck:
    """What is known about a grant. `item` is its plan on the policy as it was last read, None for no known repository.

    `refused` is why it would be refused, None where nothing is known against it; `is_unread`: the policy has not been
    read, so that nothing can be known. `evidence` is the basis of the plan's verdict.
    """

    repository: str
    refused: Problem | None = None
    item: PlannedItem | None = None
    evidence: Evidence | None = None

    @property
    def is_added(self) -> bool:
        """Whether the service can pull from it already, so that Add changes nothing."""
        return self.item is not None and self.item.state is ItemState.UNCHANGED

    @property
    def is_unread(self) -> bool:
        """Whether the repository is known and its policy isn't."""
        return self.item is not None and self.item.state is ItemState.UNREAD


def check_grant(services: Services, region: str, service: str, text: str) -> GrantCheck | None:
    """Return what is known about a grant for the repository that `text` means, typed or chosen; None: nothing.

    Calls nothing at AWS. Blocks on the database; the number of queries is the same for any text.
    """
    try:
        name = meant_repository(services, region, text)
    except Problem as problem:
        return GrantCheck(text.strip(), problem) if problem.code in _CANT_BE_ADDED else None
    known_service = queries.last_seen(services.db, services.service_key(region, service))
    if known_service is None or queries.find_repository(services.db, services.repository_key(region, name)) is None:
        return None
    (item,) = plan_of_service(services, Kind.GRANT, known_service, [name])
    refused = item.planned.refused if item.planned else None
    if item.state is ItemState.REFUSED:
        refused = item.problem
    return GrantCheck(name, refused, item, evidence(services, region))

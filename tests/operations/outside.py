"""A grant that stands, and the entries of what was done outside Sailpass since."""

from __future__ import annotations

from sqlalchemy import select

from app.history.kinds import SEEN
from app.history.models import Operation
from app.history.search import HistoryFilter, list_operations
from tests.build import SERVICE
from tests.operations.workshop import Workshop, active, repository

WEB = "storefront/web"
# After a write of ours, ECR may show an older policy for less than this.
SETTLED = 6


def wait(shop: Workshop, seconds: float = SETTLED) -> None:
    shop.run(shop.services.clock.sleep(seconds))


def done(shop: Workshop, operation: str) -> str:
    """The operation, once it has succeeded so long ago that ECR shows it everywhere."""
    assert shop.ended(operation).outcome == "succeeded"
    wait(shop)
    return operation


def granted_alone(shop: Workshop, policy: str) -> str:
    """A grant on a repository with this policy; the history has nothing else."""
    with shop.services.db.write() as session:
        for old in session.scalars(select(Operation)):
            session.delete(old)
    active(shop.aws, SERVICE)
    repository(shop.aws, WEB, policy)
    return done(shop, shop.grant(SERVICE, WEB))


def entries(shop: Workshop) -> list[Operation]:
    """The entries, the oldest first."""
    found = [each for kind in SEEN for each in list_operations(shop.services.db, HistoryFilter(kind=kind)).operations]
    return sorted(found, key=lambda each: each.sequence)


def kinds(shop: Workshop) -> list[str]:
    return [entry.kind for entry in entries(shop)]

"""Batches as they stand: how many items are done, each item's result, and what may be done about the whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.bootstrap import Services
from app.errors import Problem
from app.history import batches
from app.history.activations import activated_by_batch
from app.history.models import Operation
from app.history.undone import left_to_undo
from app.inventory.queries import with_active_role
from app.operations.batches import action_of
from app.operations.state import NOT_DONE, Kind, Outcome

RUNNING, WAITING = "running", "waiting"
DONE = (Outcome.SUCCEEDED, Outcome.NOTHING_TO_DO)


@dataclass(frozen=True)
class BatchItem:
    """One item: an operation on one repository for one service. `state`: its outcome, or `running` or `waiting`."""

    id: str
    region: str
    service: str
    repository: str
    state: str
    problem: Problem | None
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class BatchService:
    """The part of a batch that concerns one service. `operation` is the id of what runs it."""

    region: str
    name: str
    operation: str
    outcome: Outcome | None
    problem: Problem | None
    started_at: datetime | None


@dataclass(frozen=True)
class Batch:
    """A batch as it stands. `version` grows with every change; `counts` are its items by state.

    `follows`: the batch that this one retries or undoes; "" for none. `roles_left_on`, once it has ended: the services
    whose role it has activated, or the batch that it undoes, and whose role is still active as far as is known. An undo
    leaves it so. `undoable`, once it has ended: how many items changed a policy, and no undo took that back.
    `retried_by`: the batch that retries what this one did not do; "" for none.
    """

    id: str
    version: int
    action: Kind
    services: tuple[BatchService, ...]
    counts: Mapping[str, int]
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None
    cancel_requested: bool
    follows: str
    roles_left_on: tuple[tuple[str, str], ...] = ()
    undoable: int = 0
    retried_by: str = ""

    @property
    def total(self) -> int:
        """How many items it has."""
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        """How many items have ended, however they did."""
        return self.total - self.counts.get(RUNNING, 0) - self.counts.get(WAITING, 0)

    @property
    def failed(self) -> int:
        """How many items did not do what was requested."""
        return sum(self.counts.get(outcome, 0) for outcome in NOT_DONE)

    @property
    def ended(self) -> bool:
        """Nothing will change any more."""
        return all(service.outcome is not None for service in self.services)

    @property
    def can_retry(self) -> bool:
        """Something in it was not done, and is not retried by another batch."""
        return self.ended and self.failed > 0 and not self.retried_by

    @property
    def can_cancel(self) -> bool:
        """Something in it can still be stopped."""
        return not self.ended and not self.cancel_requested

    @property
    def can_undo(self) -> bool:
        """Changes of it still hold; what an undo changed can be undone, too."""
        return self.ended and self.undoable > 0


@dataclass(frozen=True)
class BatchItemsPage:
    """Some items in their order; `next` continues after them, None: there are no more."""

    items: tuple[BatchItem, ...]
    next: int | None


def get_batch(services: Services, batch_id: str) -> Batch:
    """Return how a batch stands. Raises Problem `batch.not_found`."""
    version = batches.version_of(services.db, batch_id)
    runners = batches.runners_of(services.db, batch_id)
    if not runners:
        raise Problem("batch.not_found")
    batch = _batch(version, runners, batches.counts_of(services.db, [batch_id])[batch_id])
    if not batch.ended:
        return batch
    left = len(left_to_undo(services.db, batch.id))
    retry = batches.retry_of(services.db, batch.id) if batch.failed else ""
    return replace(batch, roles_left_on=_roles_left_on(services, batch), undoable=left, retried_by=retry)


def cancel(services: Services, batch_id: str, person: str) -> None:
    """Cancel what has not begun, and request the rest to stop. Raises Problem `batch.not_found`, `batch.ended`."""
    if not services.batches.cancel(batch_id, person):
        check_cancel(get_batch(services, batch_id))


def check_cancel(batch: Batch) -> None:
    """Check that there is something to cancel. Raises Problem `batch.ended`."""
    if batch.ended:
        raise Problem("batch.ended")


def check_undo(batch: Batch) -> None:
    """Check that something is left to undo. Raises Problem `batch.not_ended`, `batch.nothing_to_undo`, `batch.undone`."""
    if not batch.ended:
        raise Problem("batch.not_ended")
    if not batch.can_undo:
        raise Problem("batch.undone" if batch.counts.get(Outcome.SUCCEEDED) else "batch.nothing_to_undo")


def _roles_left_on(services: Services, batch: Batch) -> tuple[tuple[str, str], ...]:
    activated = activated_by_batch(services.db, batch.follows if batch.action is Kind.UNDO else batch.id)
    active = with_active_role(services.db, services.connection, activated) if activated else ()
    return tuple(key for key in activated if key in active)


def list_items(
    services: Services, batch_id: str, *, states: Collection[str] = (), after: int = 0, limit: int = 100
) -> BatchItemsPage:
    """Return items of a batch by page; with `states`, those in one of them."""
    page = batches.list_items(services.db, batch_id, outcomes=states, after=after, limit=limit)
    return BatchItemsPage(tuple(_item(row) for row in page.items), page.next)


def _batch(version: int, runners: Sequence[Operation], counts: Mapping[str, int]) -> Batch:
    first = runners[0]
    ends = [runner.ended_at for runner in runners]
    return Batch(
        id=first.id,
        version=version,
        action=action_of(runners),
        services=tuple(_service(runner) for runner in runners),
        counts=counts,
        asked_by=first.asked_by,
        asked_at=first.asked_at,
        ended_at=None if None in ends else max(end for end in ends if end),
        cancel_requested=any(runner.cancel_requested_by for runner in runners),
        follows=first.follows or "",
    )


def _service(runner: Operation) -> BatchService:
    return BatchService(
        runner.region,
        runner.service,
        runner.id,
        Outcome(runner.outcome) if runner.outcome else None,
        Problem.from_json(runner.problem) if runner.problem else None,
        runner.started_at,
    )


def _item(row: Operation) -> BatchItem:
    return BatchItem(
        id=row.id,
        region=row.region,
        service=row.service,
        repository=row.repository,
        state=row.outcome or (RUNNING if row.started_at else WAITING),
        problem=Problem.from_json(row.problem) if row.problem else None,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )

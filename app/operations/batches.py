"""Starts batches: operations on many repositories that are requested, watched, cancelled and undone together.

All items are recorded with the request, in one transaction, so that what is requested later comes after them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from app.clock import Clock
from app.db import Database
from app.errors import Problem
from app.history import batches, undone
from app.history.models import Operation
from app.history.store import LiveOperation, NewOperation
from app.operations.ids import new_id
from app.operations.ordering import refuse_while_deactivating
from app.operations.repository_name import check_name
from app.operations.start import Starter, recorded
from app.operations.state import GIVES_ACCESS, ITEM_STEPS, NOT_DONE, STEPS, Kind, Outcome, StepName

MOST = 5_000
"""Items of one batch: so many are recorded in well under a second, during which no other operation can write."""
ACTIONS = (Kind.GRANT, Kind.REVOKE, Kind.REPAIR)


@dataclass(frozen=True)
class NewItem:
    """One item: a service and a repository of its region. `input` is what the kind needs, `follows` as for operations."""

    region: str
    service: str
    repository: str
    input: dict[str, Any] = field(default_factory=dict)
    follows: str | None = None


@dataclass(frozen=True)
class _NewBatch:
    """What all rows of a batch share. `retries`: it retries the batch that it follows; else it undoes it."""

    action: Kind
    by: str
    follows: str | None
    retries: bool
    digest: str


class Batches:
    """Starts and steers the batches of one connection. Its methods block; never call them on the loop."""

    def __init__(self, db: Database, clock: Clock, starter: Starter) -> None:
        self._db = db
        self._clock = clock
        self._starter = starter

    def start(
        self, action: Kind, items: Iterable[NewItem], by: str, *, follows: str | None = None, retries: bool = False
    ) -> str:
        """Record a batch, or join the live one that does the same: its id. Never waits for the work.

        Args:
            action: the kind of all items.
            items: what it is about; the same one named twice is one.
            by: who requested it.
            follows: the batch that this one retries or undoes.
            retries: it retries that one.

        Raises:
            Problem: `batch.empty`, `batch.too_many`, `repository.bad_name`, `role.deactivating`, `storage.failed`.
        """
        unique = {(item.region, item.service, item.repository): item for item in items}
        if not unique:
            raise Problem("batch.empty")
        if len(unique) > MOST:
            raise Problem("batch.too_many", count=len(unique), most=MOST)
        for item in unique.values():
            check_name(item.repository)
        now = self._clock.now()
        new = _NewBatch(action, by, follows, retries, _digest(action, unique.values()))
        runners, rows = self._rows(new, tuple(unique.values()), now)
        with recorded():
            batch_id, is_new = batches.insert_or_join(self._db, runners, rows, join, now)
        if is_new:
            for runner in batches.runners_of(self._db, batch_id):
                self._starter.enqueue_or_leave(runner)
        return batch_id

    def retry(self, batch_id: str, by: str) -> str:
        """Start a batch of what an ended one did not do, or return the one that was started before.

        Raises:
            Problem: `batch.nothing_to_retry`, and as `start`.
        """
        runners = self._ended(batch_id)
        if retry := batches.retry_of(self._db, batch_id):
            return retry
        action = action_of(runners)
        items = [
            NewItem(row.region, row.service, row.repository, kept_input(row), row.follows)
            for row in self._every_item(batch_id, NOT_DONE)
        ]
        if not items:
            raise Problem("batch.nothing_to_retry")
        return self.start(action, items, by, follows=batch_id, retries=True)

    def undo(self, batch_id: str, by: str) -> str:
        """Start a batch that takes back every change of an ended one that still holds, or join the one that does.

        Raises:
            Problem: `batch.nothing_to_undo`, `batch.undone`, and as `start`.
        """
        self._ended(batch_id)
        changes = batches.changes_of(self._db, batch_id)
        if not changes:
            raise Problem("batch.nothing_to_undo")
        left = undone.left_to_undo(self._db, batch_id)
        if not left:
            return self._running_undo(batch_id)
        items = [
            NewItem(
                change.region,
                change.service,
                change.repository,
                {"before": change.before, "after": change.after},
                change.operation_id,
            )
            for change in reversed(changes)  # the last one of a write first
            if change.operation_id in left
        ]
        return self.start(Kind.UNDO, items, by, follows=batch_id)

    def _running_undo(self, batch_id: str) -> str:
        """Return the batch that is undoing this one. Raises Problem `batch.undone` where that has ended."""
        running = undone.running_undo(self._db, batch_id)
        if not running:
            raise Problem("batch.undone")
        return running

    def cancel(self, batch_id: str, by: str) -> bool:
        """End the items that have not begun, and ask those at work to stop at their next safe point.

        Returns:
            False if it has ended, or was requested to stop before.

        Raises:
            Problem: `batch.not_found`.
        """
        cancelled = [self._starter.cancel(runner.id, by) for runner in self._runners(batch_id)]
        return any(cancelled)

    def _every_item(self, batch_id: str, outcomes: Iterable[Outcome]) -> Iterable[Operation]:
        after: int | None = 0
        while after is not None:
            page = batches.list_items(self._db, batch_id, outcomes=tuple(outcomes), after=after, limit=batches.CHUNK)
            yield from page.items
            after = page.next

    def _runners(self, batch_id: str) -> tuple[Operation, ...]:
        runners = batches.runners_of(self._db, batch_id)
        if not runners:
            raise Problem("batch.not_found")
        return runners

    def _ended(self, batch_id: str) -> tuple[Operation, ...]:
        runners = self._runners(batch_id)
        if any(runner.outcome is None for runner in runners):
            raise Problem("batch.not_ended")
        return runners

    def _rows(
        self, new: _NewBatch, items: Sequence[NewItem], now: datetime
    ) -> tuple[list[NewOperation], list[NewOperation]]:
        runners: dict[tuple[str, str], NewOperation] = {}
        rows = []
        batch_id = ""
        # Their order is that of the items: by it the changes of one write follow each other.
        ids = sorted(new_id(now) for _ in items)
        for item, item_id in zip(items, ids, strict=True):
            service = (item.region, item.service)
            if service not in runners:
                id_ = new_id(now)
                batch_id = batch_id or id_
                runners[service] = self._runner(new, item, id_, batch_id)
            rows.append(self._item(new, item, item_id, runners[service].batch_id))
        return list(runners.values()), rows

    def _runner(self, new: _NewBatch, item: NewItem, id_: str, batch_id: str) -> NewOperation:
        steps = STEPS[Kind.BATCH] if new.action in GIVES_ACCESS else (StepName.CHANGE_POLICIES,)
        return NewOperation(
            id=id_,
            kind=Kind.BATCH,
            connection=self._starter.connection,
            region=item.region,
            service=item.service,
            repository="",
            subject=f"batch {new.digest}",
            asked_by=new.by,
            steps=steps,
            input={"action": new.action, **({"retries": True} if new.retries else {})},
            follows=new.follows,
            batch_id=batch_id,
        )

    def _item(self, new: _NewBatch, item: NewItem, id_: str, batch_id: str | None) -> NewOperation:
        return NewOperation(
            id=id_,
            kind=new.action,
            connection=self._starter.connection,
            region=item.region,
            service=item.service,
            repository=item.repository,
            subject=f"item {batch_id} {item.region} {item.service} {item.repository}",
            asked_by=new.by,
            steps=ITEM_STEPS[new.action],
            input=item.input,
            follows=item.follows,
            batch_id=batch_id,
        )


def action_of(runners: Sequence[Operation]) -> Kind:
    """Return what a batch does: the kind of its items."""
    return Kind(runners[0].input["action"])


def kept_input(row: Operation) -> dict[str, Any]:
    """Return what an item's retry needs of its input, without what it noted while it ran."""
    return {name: value for name, value in row.input.items() if name in {"before", "after"}}


def _digest(action: Kind, items: Iterable[NewItem]) -> str:
    named = sorted(f"{item.region} {item.service} {item.repository} {item.follows or ''}" for item in items)
    return sha256("\n".join([action, *named]).encode()).hexdigest()[:32]


def join(runner: NewOperation, live: Sequence[LiveOperation]) -> str:
    """Return the live batch that does the same as a new one; "" for none. Raises Problem `role.deactivating`.

    Only the last one for the service: what was requested after it may reverse an earlier one.
    """
    if Kind(runner.input["action"]) in GIVES_ACCESS:
        refuse_while_deactivating(runner, live)
    last = next((other for other in reversed(live) if other.kind == Kind.BATCH), None)
    if last is None or last.subject != runner.subject or last.cancel_requested:
        return ""
    return last.batch_id or ""

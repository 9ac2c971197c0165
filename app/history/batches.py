"""Batches as they are recorded: one operation of the kind `batch` for each service, and an operation for each item.

The batch's id is that of its first operation of the kind `batch`; all of them and all items have it as `batch_id`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select, true, update
from sqlalchemy.orm import Session, aliased

from app.db import Database, chunks
from app.history import kinds, store
from app.history.models import Operation, PolicyChange
from app.history.sql import NEW_OPERATION, NEW_STEP, NEXT_SEQUENCE, OPERATIONS
from app.history.store import LiveOperation, NewOperation
from app.history.turns import comes_before

# Rows of one statement.
CHUNK = 500

Join = Callable[[NewOperation, Sequence[LiveOperation]], str]


def insert_or_join(
    db: Database, runners: Sequence[NewOperation], items: Sequence[NewOperation], join: Join, at: datetime
) -> tuple[str, bool]:
    """Record a batch whole, or join a live one: the batch's id, and whether it is new.

    `join` decides for each of `runners`, the operations of kind `batch`, among the live operations on its service's
    role and the live batches for it; it may raise Problem, and then nothing is recorded. A batch is joined only where all
    agree on it, and nothing was requested for one of its repositories since. The items are numbered in their order, after
    everything that was requested before.
    """
    with db.write() as session:
        db.lock(session, [key for runner in runners for key in store.keys_of(runner)])
        joined = {join(runner, store.live_operations(session, runner)) for runner in runners}
        if len(joined) == 1 and (batch_id := joined.pop()) and not _is_followed(session, batch_id, items):
            return batch_id, False
        numbered = enumerate((*runners, *items), session.scalar(NEXT_SEQUENCE) or 1)
        for chunk in chunks(numbered, CHUNK):
            session.execute(NEW_OPERATION, [{**store.row_of(new, at), "sequence": number} for number, new in chunk])
            session.execute(NEW_STEP, [step for _, new in chunk for step in store.steps_of(new)])
    return runners[0].id, True


def _is_followed(session: Session, batch_id: str, items: Sequence[NewOperation]) -> bool:
    """Return whether something that lives was requested after a batch for one of the repositories of `items`."""
    row = OPERATIONS.c
    first = select(func.min(row.sequence)).where(row.batch_id == batch_id).scalar_subquery()
    later = (row.outcome.is_(None), row.sequence > first, row.batch_id.is_distinct_from(batch_id))
    by_region: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for item in items:
        by_region[item.connection, item.region].add(item.repository)
    for (connection, region), repositories in by_region.items():
        for names in chunks(sorted(repositories), CHUNK):
            among = row.repository.in_(names)
            if session.scalar(
                select(exists().where(row.connection == connection, row.region == region, among, *later))
            ):
                return True
    return False


@dataclass(frozen=True)
class Item:
    """A live item as its runner needs it."""

    id: str
    kind: str
    service: str
    repository: str
    has_begun: bool


def runnable(db: Database, runner: Operation, running: Collection[str], limit: int) -> tuple[Item, ...]:
    """Return live items of a runner whose turn on their repository has come, in their order, without those running.

    An item that another one of the batch comes before on its repository is left to whoever runs that one: one that has
    begun only to one that has begun too.
    """
    earlier = OPERATIONS.alias("earlier")
    is_led = exists().where(
        earlier.c.connection == OPERATIONS.c.connection,
        earlier.c.region == OPERATIONS.c.region,
        earlier.c.repository == OPERATIONS.c.repository,
        earlier.c.batch_id == OPERATIONS.c.batch_id,
        earlier.c.outcome.is_(None),
        earlier.c.sequence < OPERATIONS.c.sequence,
        OPERATIONS.c.started_at.is_(None) | earlier.c.started_at.is_not(None),
    )
    query = (
        select(*_ITEM)
        .where(*_live_items_of(runner), OPERATIONS.c.id.not_in(running), ~is_led)
        .where(OPERATIONS.c.started_at.is_not(None) | ~comes_before({**OPERATIONS.c, "is_item": True}))
        .order_by(OPERATIONS.c.sequence)
        .limit(limit)
    )
    with db.read() as session:
        return tuple(Item(*row) for row in session.execute(query))


def led_by(
    db: Database, runner: Operation, leaders: Collection[Item], services: Collection[str]
) -> dict[str, tuple[Item, ...]]:
    """Return by repository the live items of a runner's batch, of these services, that are run with one of `leaders`.

    An item that has begun was at work when its process died. What it has sent to AWS is settled first, so one that has
    not begun is not run with it.
    """
    row = OPERATIONS.c
    query = select(*_ITEM).where(
        row.connection == runner.connection,
        row.region == runner.region,
        row.repository.in_([leader.repository for leader in leaders]),
        row.batch_id == runner.batch_id,
        row.service.in_(services),
        row.outcome.is_(None),
        row.kind != kinds.BATCH,
    )
    has_begun = {leader.repository: leader.has_begun for leader in leaders}
    items: dict[str, list[Item]] = {leader.repository: [] for leader in leaders}
    with db.read() as session:
        for item in (Item(*values) for values in session.execute(query.order_by(row.sequence))):
            if item.has_begun == has_begun[item.repository]:
                items[item.repository].append(item)
    return {repository: tuple(group) for repository, group in items.items()}


def begun(db: Database, runner: Operation) -> tuple[Item, ...]:
    """Return the items of a runner that have begun and not ended."""
    query = select(*_ITEM).where(*_live_items_of(runner), OPERATIONS.c.started_at.is_not(None))
    with db.read() as session:
        return tuple(Item(*row) for row in session.execute(query))


def count_live(db: Database, runner: Operation) -> int:
    """Return how many items of a runner have not ended."""
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(OPERATIONS).where(*_live_items_of(runner))) or 0


def cancel_items(db: Database, runner: Operation, by: str, at: datetime) -> tuple[str, ...]:
    """Cancel the items of a runner that have not begun; ask those at work to stop at their next safe point: their ids."""
    _end(db, runner, Operation.started_at.is_(None), "cancelled", None, at, by)
    row = Operation
    begun = (*_live_items_of(runner), row.started_at.is_not(None), row.cancel_requested_by.is_(None))
    asking = update(row).where(*begun).values(version=row.version + 1, cancel_requested_by=by)
    with db.write() as session:
        return tuple(session.scalars(asking.returning(row.id)))


def end_all_items(db: Database, runner: Operation, outcome: str, problem: dict[str, Any] | None, at: datetime) -> None:
    """End every live item of a runner that ends itself, so that nobody works on them any more."""
    _end(db, runner, true(), outcome, problem, at)


def end_orphans(db: Database, at: datetime) -> int:
    """End the items whose runner has ended without them, so that they hold up nothing on their repositories: how many."""
    row, runner = Operation, aliased(Operation)
    has_runner = exists().where(
        runner.batch_id == row.batch_id,
        runner.kind == kinds.BATCH,
        runner.region == row.region,
        runner.service == row.service,
        runner.outcome.is_(None),
    )
    orphans = (row.batch_id.is_not(None), row.kind != kinds.BATCH, row.outcome.is_(None), ~has_runner)
    with db.write() as session:
        ids = session.scalars(select(row.id).where(*orphans)).all()
        for chunk in chunks(ids, CHUNK):
            ending = update(row).where(row.id.in_(chunk), row.outcome.is_(None))
            session.execute(ending.values(version=row.version + 1, outcome="cancelled", ended_at=at))
            store.settle(session, chunk, "cancelled", at)
    return len(ids)


def _end(  # noqa: PLR0917  (how they end, and who wanted it)
    db: Database,
    runner: Operation,
    condition: ColumnElement[bool],
    outcome: str,
    problem: dict[str, Any] | None,
    at: datetime,
    by: str = "",
) -> None:
    row = Operation
    values: dict[str, Any] = {"outcome": outcome, "problem": problem, "ended_at": at}
    if by:
        values["cancel_requested_by"] = by
    ending = update(row).where(*_live_items_of(runner), condition).values(version=row.version + 1, **values)
    with db.write() as session:
        ids = session.scalars(ending.returning(row.id)).all()
        for chunk in chunks(ids, CHUNK):
            store.settle(session, chunk, "cancelled", at)


def runners_of(db: Database, batch_id: str) -> tuple[Operation, ...]:
    """Return the operations of the kind `batch` of a batch, the first one first; none where there is no such batch."""
    row = Operation
    query = select(row).where(row.batch_id == batch_id, row.kind == kinds.BATCH).order_by(row.sequence)
    with db.read() as session:
        return tuple(session.scalars(query))


def retry_of(db: Database, batch_id: str) -> str:
    """Return the id of the newest batch that retries this one, "" for none."""
    row = OPERATIONS.c
    newest = select(row.batch_id, row.input).where(row.follows == batch_id, row.kind == kinds.BATCH)
    with db.read() as session:
        rows = session.execute(newest.order_by(row.sequence.desc()))
        return next((retry or "" for retry, values in rows if values.get("retries")), "")


def get_runner(db: Database, operation_id: str) -> Operation:
    """Return an operation of the kind `batch`, which there is."""
    with db.read() as session:
        return session.get_one(Operation, operation_id)


def counts_of(db: Database, batch_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """Return by batch how many of its items ended in which way; `running` and `waiting` for those that have not."""
    row = OPERATIONS.c
    begun = row.started_at.is_not(None).label("begun")
    query = (
        select(row.batch_id, row.outcome, begun, func.count())
        .where(row.batch_id.in_(list(batch_ids)), row.kind != kinds.BATCH)
        .group_by(row.batch_id, row.outcome, begun)
    )
    counts: dict[str, dict[str, int]] = {batch_id: {} for batch_id in batch_ids}
    with db.read() as session:
        for batch_id, outcome, has_begun, number in session.execute(query):
            name = outcome or ("running" if has_begun else "waiting")
            counts[batch_id][name] = counts[batch_id].get(name, 0) + number
    return counts


def counts_of_runner(db: Database, runner: Operation) -> dict[str, int]:
    """Return how many items of a runner ended in which way; those that live are left out."""
    row = OPERATIONS.c
    mine = (row.batch_id == runner.batch_id, row.kind != kinds.BATCH, row.region == runner.region)
    query = select(row.outcome, func.count()).where(*mine, row.service == runner.service, row.outcome.is_not(None))
    with db.read() as session:
        return {counted.outcome: counted[1] for counted in session.execute(query.group_by(row.outcome))}


def version_of(db: Database, batch_id: str) -> int:
    """Return a number that grows with every change of a batch or one of its items."""
    row = OPERATIONS.c
    with db.read() as session:
        return session.scalar(select(func.sum(row.version)).where(row.batch_id == batch_id)) or 0


@dataclass(frozen=True)
class ItemsPage:
    """Some items of a batch in their order; `next` continues after them, None: there are no more."""

    items: tuple[Operation, ...]
    next: int | None = None


def list_items(
    db: Database, batch_id: str, *, outcomes: Collection[str] = (), after: int = 0, limit: int = 100
) -> ItemsPage:
    """Return items of a batch by page; with `outcomes`, those that ended so (`running`: those that have not)."""
    row = Operation
    query = select(row).where(row.batch_id == batch_id, row.kind != kinds.BATCH, row.sequence > after)
    if outcomes:
        either = row.outcome.in_([outcome for outcome in outcomes if outcome != "running"])
        query = query.where(either | row.outcome.is_(None) if "running" in outcomes else either)
    with db.read() as session:
        rows = session.scalars(query.order_by(row.sequence).limit(limit + 1)).all()
    page = tuple(rows[:limit])
    return ItemsPage(page, page[-1].sequence if len(rows) > limit else None)


@dataclass(frozen=True)
class ItemPolicyChange:
    """What an item changed: its operation, and the repository's policy before and after."""

    operation_id: str
    region: str
    service: str
    repository: str
    before: str | None
    after: str | None


def changes_of(db: Database, batch_id: str) -> tuple[ItemPolicyChange, ...]:
    """Return the last write of each item of a batch that changed a policy, in their order."""
    change, row = PolicyChange, Operation
    query = (
        select(row.id, row.region, row.service, row.repository, change.before, change.after)
        .join(change, change.operation_id == row.id)
        .where(row.batch_id == batch_id, row.kind != kinds.BATCH, change.written_at.is_not(None))
        .order_by(row.sequence, change.position)
    )
    with db.read() as session:
        return tuple({change_row[0]: ItemPolicyChange(*change_row) for change_row in session.execute(query)}.values())


_ITEM = (
    OPERATIONS.c.id,
    OPERATIONS.c.kind,
    OPERATIONS.c.service,
    OPERATIONS.c.repository,
    OPERATIONS.c.started_at.is_not(None),
)


def _live_items_of(runner: Operation) -> tuple[ColumnElement[bool], ...]:
    return (
        OPERATIONS.c.batch_id == runner.batch_id,
        OPERATIONS.c.kind != kinds.BATCH,
        OPERATIONS.c.region == runner.region,
        OPERATIONS.c.service == runner.service,
        OPERATIONS.c.outcome.is_(None),
    )

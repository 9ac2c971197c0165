"""Records what the items of batches do to their repositories: of many repositories by few statements.

The items of one batch on one repository are changed together, by one read and one write of its policy. Each function is
one transaction; where it raises, nothing of it is recorded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, exists, select, update
from sqlalchemy.orm import Session

from app.db import Database
from app.history import kinds
from app.history.models import Operation
from app.history.policy_writes import Written
from app.history.sql import (
    BY_US,
    CHANGES,
    CLOSE_WRITE,
    OPERATIONS,
    STEPS,
    at_running_step,
    named,
    new_value,
    touching,
)
from app.history.store import Run, count, supersede
from app.history.turns import comes_before, lock_repositories


class NewerRunError(Exception):
    """Another run of one of these steps has begun since, or one of the operations has ended."""


@dataclass(frozen=True)
class Beginning:
    """Items of one batch on one repository that begin their first step: the one that leads them, and all of them."""

    leader: str
    item_ids: tuple[str, ...]
    step: str
    since: datetime
    """Of which writes of the policy the texts are wanted: those that were sent after this."""
    at: datetime


@dataclass(frozen=True)
class BegunItem:
    """An item whose first step has begun."""

    operation: Operation
    run: Run


@dataclass(frozen=True)
class Begun:
    """The items that have begun now, in the order of their ids, and our last writes of the policy, the newest first.

    Those left out have begun or ended meanwhile.
    """

    items: tuple[BegunItem, ...]
    writes: tuple[Written, ...] = ()


def begin(db: Database, beginnings: Sequence[Beginning]) -> list[Begun | None]:
    """Begin the first step of items: None where another operation on the repository comes first.

    None too where the leader has begun or ended meanwhile: the others are left to whoever leads them now.
    """
    leaders = [each.leader for each in beginnings]
    with db.write() as session:
        lock_repositories(db, session, leaders)
        behind = _behind(session, leaders)
        may_begin = [each for each in beginnings if each.leader not in behind]
        items = _begin_items(session, may_begin)
        writes = _last_writes(session, items.values(), min(each.since for each in beginnings))
    return [_begun(each, items, writes) if each.leader not in behind else None for each in beginnings]


def _behind(session: Session, leaders: Sequence[str]) -> set[str]:
    """Return the leaders that may not begin now; none of the others ends before the transaction does.

    Of two that may on one repository, the later one supersedes the other.
    """
    rows = session.execute(_IN_TURN, {"ids": list(leaders)})
    last = {(row.connection, row.region, row.repository): row.id for row in rows}
    return set(leaders) - set(last.values())


def _begun(
    beginning: Beginning, items: dict[str, BegunItem], writes: dict[tuple[str, str, str], list[Written]]
) -> Begun:
    begun = tuple(items[item_id] for item_id in sorted(beginning.item_ids) if item_id in items)
    return Begun(begun, tuple(writes.get(_repository_of(begun[0].operation), ())))


def _begin_items(session: Session, beginnings: Sequence[Beginning]) -> dict[str, BegunItem]:
    items: dict[str, BegunItem] = {}
    steps: defaultdict[tuple[str, datetime], list[str]] = defaultdict(list)
    for each in beginnings:
        steps[each.step, each.at] += each.item_ids
    for (step, at), ids in steps.items():
        operations = {
            row["id"]: Operation(**row)
            for row in session.execute(_BEGIN, {"ids": ids, **named({"started_at": at})}).mappings()
        }
        for later in session.scalars(_SUPERSEDING, {"ids": list(operations)}).all():
            supersede(session, vars(operations[later]), at)
        begun = session.execute(_BEGIN_STEPS, {"ids": list(operations), "step": step, **named({"started_at": at})})
        for operation_id, attempts, request_ids in begun:
            run = Run(operation_id, step, attempts, tuple(request_ids))
            items[operation_id] = BegunItem(operations[operation_id], run)
    return items


def _repository_of(operation: Operation) -> tuple[str, str, str]:
    return operation.connection, operation.region, operation.repository


def _last_writes(
    session: Session, items: Iterable[BegunItem], since: datetime
) -> dict[tuple[str, str, str], list[Written]]:
    names: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for item in items:
        names[item.operation.connection, item.operation.region].add(item.operation.repository)
    writes: defaultdict[tuple[str, str, str], list[Written]] = defaultdict(list)
    for (connection, region), repositories in names.items():
        key = {"at_connection": connection, "at_region": region, "names": list(repositories), "since": since}
        for repository, before, after, taken in session.execute(_WRITES, key):
            writes[connection, region, repository].append(Written(before, after, taken))
    return writes


@dataclass(frozen=True)
class WritePart:
    """What one item changes by a write of its repository's policy that may carry changes of other items too.

    The parts of a write follow each other by their operations' ids: each begins with what the one before it left, and
    the last one leaves the text that is sent. They have the same `planned_at`, by which they are known to belong together.
    """

    run: Run
    connection: str
    region: str
    repository: str
    before: str | None
    after: str | None
    at: datetime


def plan_writes(db: Database, writes: Sequence[Sequence[WritePart]]) -> list[bool]:
    """Record writes before they are sent. False: a newer run took one of its steps over, and nothing of it is recorded."""
    with db.write() as session:
        newest = _newest(session, [part.run for write in writes for part in write])
        planned = [all(_key(part.run) in newest for part in write) for write in writes]
        rows = [_row(part) for write, is_newest in zip(writes, planned, strict=True) if is_newest for part in write]
        if rows:
            # They are there already where this is repeated, because its commit was not answered.
            session.execute(_FORGET, {"ids": [row["operation_id"] for row in rows]})
            session.connection().execute(CHANGES.insert(), rows)
    return planned


def _newest(session: Session, runs: Sequence[Run]) -> set[tuple[str, str, int]]:
    """Return the keys of the newest runs of the steps; no newer one begins before the transaction ends."""
    rows = session.execute(_RUNNING, {"ids": [run.operation_id for run in runs]})
    return {(row.operation_id, row.name, row.attempts) for row in rows}


def _key(run: Run) -> tuple[str, str, int]:
    return run.operation_id, run.step, run.attempt


def _row(part: WritePart) -> dict[str, Any]:
    values = {name: value for name, value in vars(part).items() if name not in {"run", "at"}}
    return {**values, "operation_id": part.run.operation_id, "position": 0, "planned_at": part.at, "request_id": ""}


def forget_writes(db: Database, runs: Sequence[Run]) -> None:
    """Delete a planned write that AWS is proven not to have carried out."""
    ids = [run.operation_id for run in runs]
    with db.write() as session:
        newest = _newest(session, runs)
        if all(_key(run) in newest for run in runs):
            session.execute(_FORGET, {"ids": ids})


@dataclass(frozen=True)
class ItemChanged:
    """How an item's first step ended, at which its second one begins. `wrote`: AWS confirmed its planned write."""

    run: Run
    next_step: str
    state: str
    note: dict[str, Any]
    request_ids: tuple[str, ...]
    wrote: bool
    at: datetime
    learned: Mapping[str, str] = field(default_factory=dict)
    texts: tuple[str | None, str | None] | None = None
    """The policy before and after it, where AWS returned that a deletion took away another text than was read."""


def end_changes(db: Database, changed: Sequence[Sequence[ItemChanged]]) -> list[None]:
    """Close writes that AWS confirmed, end the steps that made them, and begin the next ones. Raises NewerRunError."""
    every = [item for items in changed for item in items]
    with db.write() as session:
        _run(session, _TOUCH, [{"of": item.run.operation_id, **_learned(item)} for item in every])
        closed = [{"of": item.run.operation_id, **_answer(item)} for item in every if item.wrote]
        _run(session, CLOSE_WRITE, closed)
        corrected = [{"of": item.run.operation_id, **_texts(*item.texts)} for item in every if item.texts is not None]
        _run(session, _CORRECT, corrected)
        _run(session, _END_STEP, [_ended(item.run, item.state, item.note, item.request_ids, item.at) for item in every])
        began = [
            {"of": item.run.operation_id, "step": item.next_step, **named({"started_at": item.at})} for item in every
        ]
        _run(session, _BEGIN_NEXT, began)
    return [None] * len(changed)


def _learned(item: ItemChanged) -> dict[str, Any]:
    return named(
        {"principal_arn": item.learned.get("principal_arn", ""), "image_uri": item.learned.get("image_uri", "")}
    )


def _answer(item: ItemChanged) -> dict[str, Any]:
    request_id = item.request_ids[-1] if item.request_ids else ""
    return {"at_position": 0, **named({"written_at": item.at, "request_id": request_id, "before": None})}


def _texts(before: str | None, after: str | None) -> dict[str, Any]:
    return named({"before": before, "after": after})


@dataclass(frozen=True)
class ItemEnded:
    """How an item's last step ended, and the item with it."""

    run: Run
    outcome: str
    note: dict[str, Any]
    request_ids: tuple[str, ...]
    at: datetime


def end_items(db: Database, ended: Sequence[ItemEnded]) -> None:
    """End items with their last steps. Raises NewerRunError, also where one is run again from its first step."""
    with db.write() as session:
        ends = [
            {"of": each.run.operation_id, **named({"outcome": each.outcome, "ended_at": each.at})} for each in ended
        ]
        _run(session, _END, ends)
        steps = [_ended(each.run, "succeeded", each.note, each.request_ids, each.at) for each in ended]
        _run(session, _END_LAST_STEP, steps)


def _ended(run: Run, state: str, note: dict[str, Any], request_ids: Sequence[str], at: datetime) -> dict[str, Any]:
    values = {"state": state, "note": note, "request_ids": list(dict.fromkeys(request_ids)), "ended_at": at}
    return {**run.key(), **named(values)}


def _run(session: Session, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Change one row by each of `rows`. Raises NewerRunError if one of them was not as expected."""
    if rows and count(session.connection().execute(statement, list(rows))) != len(rows):
        raise NewerRunError


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_IN_TURN = (
    select(OPERATIONS.c.id, OPERATIONS.c.connection, OPERATIONS.c.region, OPERATIONS.c.repository)
    .where(
        OPERATIONS.c.id.in_(_IDS),
        OPERATIONS.c.outcome.is_(None),
        OPERATIONS.c.started_at.is_(None),
        ~comes_before({**OPERATIONS.c, "is_item": True}),
    )
    .order_by(OPERATIONS.c.sequence)
    .with_for_update(of=OPERATIONS)
)
_BEGIN = (
    update(OPERATIONS)
    .where(OPERATIONS.c.id.in_(_IDS), OPERATIONS.c.outcome.is_(None), OPERATIONS.c.started_at.is_(None))
    .values(version=OPERATIONS.c.version + 1, started_at=new_value(OPERATIONS, "started_at"))
    .returning(*OPERATIONS.c)
)
_earlier = OPERATIONS.alias("earlier")
_SUPERSEDING = (
    select(OPERATIONS.c.id)
    .join(
        _earlier,
        (_earlier.c.connection == OPERATIONS.c.connection)
        & (_earlier.c.region == OPERATIONS.c.region)
        & (_earlier.c.repository == OPERATIONS.c.repository)
        & (_earlier.c.service == OPERATIONS.c.service)
        & _earlier.c.outcome.is_(None)
        & _earlier.c.started_at.is_(None)
        & _earlier.c.kind.not_in((kinds.DEPLOY, kinds.BATCH))
        & (_earlier.c.sequence < OPERATIONS.c.sequence),
    )
    .where(OPERATIONS.c.id.in_(_IDS))
    .distinct()
)
_BEGIN_STEPS = (
    update(STEPS)
    .where(STEPS.c.operation_id.in_(_IDS), STEPS.c.name == bindparam("step"))
    .values(state="running", started_at=new_value(STEPS, "started_at"), attempts=STEPS.c.attempts + 1)
    .returning(STEPS.c.operation_id, STEPS.c.attempts, STEPS.c.request_ids)
)
_WRITES = (
    select(CHANGES.c.repository, CHANGES.c.before, CHANGES.c.after, CHANGES.c.written_at.is_not(None))
    .where(
        CHANGES.c.connection == bindparam("at_connection"),
        CHANGES.c.region == bindparam("at_region"),
        CHANGES.c.repository.in_(bindparam("names", expanding=True)),
        CHANGES.c.planned_at >= bindparam("since"),
        BY_US,
    )
    .order_by(CHANGES.c.planned_at.desc(), CHANGES.c.operation_id.desc())
)
_RUNNING = (
    select(STEPS.c.operation_id, STEPS.c.name, STEPS.c.attempts)
    .where(STEPS.c.operation_id.in_(_IDS), STEPS.c.state == "running")
    .order_by(STEPS.c.operation_id, STEPS.c.position)
    .with_for_update()
)
_FORGET = CHANGES.delete().where(CHANGES.c.operation_id.in_(_IDS), CHANGES.c.written_at.is_(None))
_TOUCH = touching("principal_arn", "image_uri")
_CORRECT = (
    update(CHANGES)
    .where(CHANGES.c.operation_id == bindparam("of"), CHANGES.c.position == 0)
    .values(before=new_value(CHANGES, "before"), after=new_value(CHANGES, "after"))
)
_END_STEP = at_running_step("state", "note", "request_ids", "ended_at")
_other = STEPS.alias("other")
# A statement of its own after the operation's, whose row a new run locks first: this sees what that one has recorded.
_END_LAST_STEP = _END_STEP.where(
    ~exists().where(
        _other.c.operation_id == bindparam("of"), _other.c.name != bindparam("step"), _other.c.state == "running"
    )
)
_BEGIN_NEXT = (
    update(STEPS)
    .where(STEPS.c.operation_id == bindparam("of"), STEPS.c.name == bindparam("step"), STEPS.c.state == "pending")
    .values(state="running", started_at=new_value(STEPS, "started_at"), attempts=STEPS.c.attempts + 1)
)
_END = touching("outcome", "ended_at")

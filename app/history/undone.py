"""Which operations, and which changes of a batch, an undo has taken back."""

from __future__ import annotations

from sqlalchemy import FromClause, Select, exists, select

from app.db import Database
from app.history import kinds
from app.history.sql import CHANGES, OPERATIONS

_DONE = ("succeeded", "nothing_to_do")


def was_undone(db: Database, operation_id: str) -> bool:
    """Return whether another operation took this one's policy change, or its deactivation, back."""
    row = OPERATIONS.c
    undo = (row.follows == operation_id, row.kind.in_(("undo", "reactivate")), row.outcome == "succeeded")
    with db.read() as session:
        return bool(session.scalar(select(exists().where(*undo))))


def left_to_undo(db: Database, batch_id: str) -> frozenset[str]:
    """Return the ids of a batch's items that changed a policy, without those whose change an undo took back.

    An undo that was undone itself doesn't count. One that still runs does.
    """
    item = OPERATIONS.c
    wrote = exists().where(CHANGES.c.operation_id == item.id, CHANGES.c.written_at.is_not(None))
    changed = select(item.id).where(item.batch_id == batch_id, item.kind != kinds.BATCH, wrote)
    with db.read() as session:
        ids = frozenset(session.scalars(changed))
        undos = session.execute(_undos_of(batch_id)).all() if ids else ()
    undone: set[str] = set()
    # The newest first: whether an undo stands is known before what it follows is looked at.
    for undo_id, follows, _ in undos:
        if undo_id not in undone:
            undone.add(follows)
    return ids - undone


def running_undo(db: Database, batch_id: str) -> str:
    """Return the id of the batch that is undoing this one, "" for none."""
    row = OPERATIONS.c
    at_work = (row.follows == batch_id, row.kind == kinds.BATCH, row.outcome.is_(None))
    with db.read() as session:
        rows = session.execute(select(row.batch_id, row.input).where(*at_work).order_by(row.sequence.desc()))
        return next((undo or "" for undo, values in rows if not values.get("retries")), "")


def _undos_of(batch_id: str) -> Select[str, str, int]:
    """Select the undos of a batch's items, their undos and so on: id, what it follows, sequence; the newest first."""
    items = select(OPERATIONS.c.id).where(OPERATIONS.c.batch_id == batch_id)
    first, later = OPERATIONS.alias("first"), OPERATIONS.alias("later")
    chain = _undos(first).where(first.c.follows.in_(items)).cte("undos", recursive=True)
    chain = chain.union_all(_undos(later).where(later.c.follows == chain.c.id))
    return select(chain.c.id, chain.c.follows, chain.c.sequence).order_by(chain.c.sequence.desc())


def _undos(row: FromClause) -> Select[str, str, int]:
    stands = row.c.outcome.is_(None) | row.c.outcome.in_(_DONE)
    undoes = (row.c.kind.in_(kinds.UNDOES), row.c.follows.is_not(None), stands)
    return select(row.c.id, row.c.follows, row.c.sequence).where(*undoes)

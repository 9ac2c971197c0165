"""Which of the live operations on one repository comes first, where items of batches are among them.

The engine's queue lets the operations that it holds work one at a time on a repository. Items of batches are in no
queue, so they are ordered by these statements: an operation begins only when nothing on its repository comes before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Select, String, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from app.db import Database, is_sqlite, lock_on
from app.history import kinds
from app.history.sql import OPERATIONS


class BehindAnother(Exception):  # noqa: N818  (not an error: its turn comes)
    """An operation may not begin yet: another one on the same repository comes first."""


def comes_before(operation: Mapping[str, Any]) -> ColumnElement[bool]:
    """Return the condition that some live operation on the same repository must end before `operation` begins.

    That is one which has begun or was requested earlier, unless the beginning of `operation` supersedes it; and only
    where one of the two is an item. `operation` holds columns or bound values.
    """
    other, queued = OPERATIONS.alias("other"), OPERATIONS.alias("queued")
    # The queue may hold `operation` before one that was requested earlier, for which the item waits in turn.
    held_up = exists().where(
        _same_repository(queued.c, operation),
        queued.c.started_at.is_(None),
        queued.c.batch_id.is_(None),
        queued.c.sequence < other.c.sequence,
    )
    is_superseded = and_(
        other.c.service == operation["service"],
        other.c.started_at.is_(None),
        other.c.sequence < operation["sequence"],
    )
    is_before_item = or_(other.c.started_at.is_not(None), other.c.sequence < operation["sequence"])
    is_before_queued = and_(
        other.c.batch_id.is_not(None),
        or_(other.c.started_at.is_not(None), and_(other.c.sequence < operation["sequence"], ~held_up)),
    )
    return exists().where(
        _same_repository(other.c, operation),
        ~is_superseded,
        or_(and_(operation["is_item"], is_before_item), is_before_queued),
    )


def _same_repository(other: Any, operation: Mapping[str, Any]) -> ColumnElement[bool]:
    return and_(
        other.connection == operation["connection"],
        other.region == operation["region"],
        other.repository == operation["repository"],
        other.outcome.is_(None),
        other.kind != kinds.DEPLOY,
        other.id != operation["id"],
    )


_BEHIND: Select[bool] = select(
    comes_before(
        {
            "is_item": bindparam("is_item", type_=Boolean),
            **{
                name: bindparam(f"its_{name}", type_=OPERATIONS.c[name].type)
                for name in ("id", "connection", "region", "repository", "service", "sequence")
            },
        }
    )
)
_BEGINNING = func.concat(
    OPERATIONS.c.connection, " ", OPERATIONS.c.region, " beginning ", OPERATIONS.c.repository, type_=String
)
# An operation that has begun needs no turn any more.
_WAITING = and_(OPERATIONS.c.started_at.is_(None), OPERATIONS.c.repository != "")
_LOCK: Select[Any] = select(lock_on(_BEGINNING)).where(OPERATIONS.c.id == bindparam("of"), _WAITING)
_KEYS: Select[str] = select(_BEGINNING).where(OPERATIONS.c.id.in_(bindparam("ids", expanding=True)), _WAITING)


def lock_repository(db: Database, session: Session, operation_id: str) -> None:
    """Let operations on one repository begin one after the other, on all replicas."""
    if not is_sqlite(db.url):  # there a transaction that may write is alone anyway
        session.execute(_LOCK, {"of": operation_id})


def lock_repositories(db: Database, session: Session, operation_ids: Sequence[str]) -> None:
    """Do the same as `lock_repository` for many operations."""
    if not is_sqlite(db.url):
        db.lock(session, session.scalars(_KEYS, {"ids": list(operation_ids)}))


def check_turn(session: Session, operation: Mapping[str, Any]) -> None:
    """Raise BehindAnother unless an operation on a repository may begin; its row holds that it has."""
    if not operation["repository"] or operation["kind"] == kinds.DEPLOY:
        return
    names = ("id", "connection", "region", "repository", "service", "sequence")
    values = {f"its_{name}": operation[name] for name in names}
    if session.scalar(_BEHIND, {**values, "is_item": operation["batch_id"] is not None}):
        raise BehindAnother

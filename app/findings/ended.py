"""Lets a repository be judged again once an operation on it has ended, whether or not it changed the policy."""

from __future__ import annotations

from app.db import Database
from app.history.models import Operation
from app.inventory.due import mark


def judge_again(db: Database, operation_id: str) -> None:
    """Mark the repository of an operation; nothing for one on a role alone. Blocks; may be repeated."""
    with db.write() as session:
        operation = session.get(Operation, operation_id)
        if operation is not None and operation.repository:
            mark(session, operation.connection, operation.region, [operation.repository])

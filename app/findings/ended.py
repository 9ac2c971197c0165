"""Lets repositories and services be judged again once an operation that concerns them has ended, whether or not it changed a policy."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import Database
from app.findings.models import KeptFinding
from app.history.models import Operation
from app.inventory.due import mark, mark_services


def judge_again(db: Database, operation_id: str) -> None:
    """Mark the service and the repository of an operation; of one on a role, those with a finding about its service.

    Blocks; may be repeated.
    """
    with db.write() as session:
        operation = session.get(Operation, operation_id)
        if operation is None:
            return
        names = [operation.repository] if operation.repository else _found_about(session, operation)
        mark(session, operation.connection, operation.region, names)
        mark_services(session, operation.connection, operation.region, [operation.service])


def _found_about(session: Session, operation: Operation) -> Sequence[str]:
    row = KeptFinding
    in_region = (
        row.connection == operation.connection,
        row.region == operation.region,
        row.service == operation.service,
    )
    return session.scalars(select(row.repository).where(*in_region).distinct()).all()

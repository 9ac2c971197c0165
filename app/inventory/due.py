"""Marks repositories and services that must be judged again. Called within the transaction that changed what decides on it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from app.db import Database, chunks, table_of
from app.inventory.models import PolicyPrincipal, SeenRepository, SeenService

_CHUNK = 500
_ROW = table_of(SeenRepository)
# Built once: building a statement costs several times as much as running it.
_MARK_NAMED = (
    update(_ROW)
    .where(
        _ROW.c.connection == bindparam("at_connection"),
        _ROW.c.region == bindparam("at_region"),
        _ROW.c.name.in_(bindparam("names", expanding=True)),
    )
    .values(check_due=_ROW.c.check_due + 1)
)


def mark(session: Session, connection: str, region: str, names: Collection[str]) -> None:
    """Mark these repositories."""
    for chunk in chunks(sorted(names), _CHUNK):
        names_at = {"at_connection": connection, "at_region": region, "names": chunk}
        session.connection().execute(_MARK_NAMED, names_at)


def mark_services(session: Session, connection: str, region: str, names: Collection[str]) -> None:
    """Mark these services: findings about them are judged again."""
    row = SeenService
    if names:
        session.execute(
            update(row)
            .where(row.connection == connection, row.region == region, row.name.in_(sorted(names)))
            .values(check_due=row.check_due + 1)
            .execution_options(synchronize_session=False)
        )


def mark_repositories(db: Database, connection: str, region: str, names: Collection[str]) -> None:
    """Mark these repositories, in a transaction of its own. Blocks; may be repeated."""
    with db.write() as session:
        mark(session, connection, region, names)


def mark_naming(
    session: Session, connection: str, region: str, services: Collection[str], roles: Collection[str]
) -> None:
    """Mark the repositories whose policy names one of these services or roles."""
    row = PolicyPrincipal
    named = select(row.repository).where(
        row.connection == connection, row.region == region, or_(row.service.in_(services), row.principal.in_(roles))
    )
    _mark(session, connection, region, SeenRepository.name.in_(named))


def mark_region(session: Session, connection: str, region: str) -> None:
    """Mark every repository of a Region whose policy was read."""
    _mark(session, connection, region, SeenRepository.policy_read_at.is_not(None))


def mark_expired(session: Session, connection: str, now: datetime) -> None:
    """Mark the repositories whose judgement holds only until now."""
    row = SeenRepository
    expired = update(row).where(row.connection == connection, row.recheck_at <= now)
    session.execute(expired.values(check_due=row.check_due + 1, recheck_at=None))


def _mark(session: Session, connection: str, region: str, which: object) -> None:
    row = SeenRepository
    session.execute(
        update(row)
        .where(row.connection == connection, row.region == region, which)  # type: ignore[arg-type]
        .values(check_due=row.check_due + 1)
        .execution_options(synchronize_session=False)
    )

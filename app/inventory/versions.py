"""Versions of what is known of services and of access: each text changes when what a page shows of it changes."""

from __future__ import annotations

import zlib
from datetime import datetime

from sqlalchemy import Select, Table, bindparam, func, select

from app.db import Database, table_of
from app.inventory.models import SeenRepository, SeenService

_REPOSITORIES = table_of(SeenRepository)
_SERVICES = table_of(SeenService)
# Built once, since they are asked twice a second while a page is open.
SERVICES = (
    select(_SERVICES.c.region, _SERVICES.c.name, _SERVICES.c.state, _SERVICES.c.role_active, _SERVICES.c.role_arn)
    .where(_SERVICES.c.connection == bindparam("at_connection"))
    .order_by(_SERVICES.c.region, _SERVICES.c.name)
)


def _judged(table: Table) -> Select[datetime | None, int]:
    """Two parts, each answered by an index for itself: together they would look at every row of it."""
    ours = table.c.connection == bindparam("at_connection")
    newest, count = select(func.max(table.c.checked_at)).where(ours), select(func.count()).where(ours)
    return select(newest.scalar_subquery(), count.scalar_subquery())


JUDGED = (_judged(_REPOSITORIES), _judged(_SERVICES))


def services_version(db: Database, connection: str) -> str:
    """Return a text that changes when a service appears, goes, or changes its state or role."""
    with db.read() as session:
        rows = session.execute(SERVICES, {"at_connection": connection}).all()
    return f"{len(rows)}.{zlib.crc32(repr([tuple(each) for each in rows]).encode()):x}"


def access_version(db: Database, connection: str) -> str:
    """Return a text that changes when any repository or service was judged again, and when one appears or goes."""
    with db.read() as session:
        counted = [session.execute(query, {"at_connection": connection}).one() for query in JUDGED]
    return ".".join(f"{count}.{newest.timestamp() if newest else 0}" for newest, count in counted)

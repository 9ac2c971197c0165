"""Versions of what is known of services and of access: each text changes when what a page shows of it changes."""

from __future__ import annotations

import zlib
from typing import cast

from sqlalchemy import Table, bindparam, func, select

from app.db import Database
from app.inventory.models import SeenRepository, SeenService

_REPOSITORIES = cast("Table", SeenRepository.__table__)
_SERVICES = cast("Table", SeenService.__table__)
# Built once, since they are asked twice a second while a page is open.
SERVICES = (
    select(_SERVICES.c.region, _SERVICES.c.name, _SERVICES.c.state, _SERVICES.c.role_active, _SERVICES.c.role_arn)
    .where(_SERVICES.c.connection == bindparam("at_connection"))
    .order_by(_SERVICES.c.region, _SERVICES.c.name)
)
JUDGED = tuple(
    select(func.max(table.c.checked_at), func.count()).where(table.c.connection == bindparam("at_connection"))
    for table in (_REPOSITORIES, _SERVICES)
)


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

"""Versions of what is known of services and of access: each text changes when what a page shows of it changes."""

from __future__ import annotations

import zlib

from sqlalchemy import func, select

from app.db import Database
from app.inventory.models import SeenRepository, SeenService


def services_version(db: Database, connection: str) -> str:
    """Return a text that changes when a service appears, goes, or changes its state or role."""
    row = SeenService
    query = (
        select(row.region, row.name, row.state, row.role_active, row.role_arn)
        .where(row.connection == connection)
        .order_by(row.region, row.name)
    )
    with db.read() as session:
        rows = session.execute(query).all()
    return f"{len(rows)}.{zlib.crc32(repr([tuple(each) for each in rows]).encode()):x}"


def access_version(db: Database, connection: str) -> str:
    """Return a text that changes when any repository or service was judged again, and when one appears or goes."""
    with db.read() as session:
        counted = [
            session.execute(select(func.max(row.checked_at), func.count()).where(row.connection == connection)).one()
            for row in (SeenRepository, SeenService)
        ]
    return ".".join(f"{count}.{newest.timestamp() if newest else 0}" for newest, count in counted)

"""Versions of what is known of services and of access: each text changes when what a page shows of it changes."""

from __future__ import annotations

import zlib
from datetime import datetime

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from app.db import Database, insert_into, table_of
from app.inventory.models import RepositoryListVersion, SeenRepository, SeenService

_REPOSITORIES = table_of(SeenRepository)
_SERVICES = table_of(SeenService)
_LISTS = table_of(RepositoryListVersion)
# Built once, since they are asked twice a second while a page is open.
SERVICES = (
    select(_SERVICES.c.region, _SERVICES.c.name, _SERVICES.c.state, _SERVICES.c.role_active, _SERVICES.c.role_arn)
    .where(_SERVICES.c.connection == bindparam("at_connection"))
    .order_by(_SERVICES.c.region, _SERVICES.c.name)
)
_SERVICES_JUDGED = select(func.count(), func.max(_SERVICES.c.checked_at)).where(
    _SERVICES.c.connection == bindparam("at_connection")
)
# Two queries, each a look into an index: they cost the same with ten thousand repositories as with ten.
_NEWEST = select(func.max(_REPOSITORIES.c.checked_at)).where(_REPOSITORIES.c.connection == bindparam("at_connection"))
_LISTED = select(func.coalesce(func.sum(_LISTS.c.version), 0)).where(_LISTS.c.connection == bindparam("at_connection"))
_REPOSITORIES_JUDGED = select(_LISTED.scalar_subquery(), _NEWEST.scalar_subquery())
JUDGED: tuple[Select[int, datetime | None], ...] = (_REPOSITORIES_JUDGED, _SERVICES_JUDGED)


def services_version(db: Database, connection: str) -> str:
    """Return a text that changes when a service appears, goes, or changes its state or role."""
    with db.read() as session:
        rows = session.execute(SERVICES, {"at_connection": connection}).all()
    return f"{len(rows)}.{zlib.crc32(repr([tuple(each) for each in rows]).encode()):x}"


def access_version(db: Database, connection: str) -> str:
    """Return a text that changes when any repository or service was judged again, and when one appears or goes."""
    with db.read() as session:
        counted = [session.execute(query, {"at_connection": connection}).one() for query in JUDGED]
    return ".".join(f"{count}.{newest.timestamp() if newest else 0}" for count, newest in counted)


def repositories_changed(session: Session, connection: str, region: str) -> None:
    """Note that the list of a Region's repositories is another one, in the transaction that changes it.

    Call it last: other transactions on this Region's list wait from here on.
    """
    first = insert_into(session, RepositoryListVersion).values(connection=connection, region=region, version=1)
    counted = {"version": _LISTS.c.version + 1}
    session.execute(first.on_conflict_do_update(index_elements=["connection", "region"], set_=counted))

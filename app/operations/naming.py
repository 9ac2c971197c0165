"""Which policies may name a service: by the last reads, and by operations' writes since.

A write is known before any read shows it: its operation was cancelled or failed before the verification, or its answer
was lost.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import and_, bindparam, func, or_, select

from app.db import Database
from app.history.models import PolicyChange
from app.inventory import queries, sync_state
from app.inventory.models import SeenRepository
from app.inventory.principal_index import named_in
from app.inventory.sync_state import What
from app.keys import ServiceKey

_WRITE, _SEEN = PolicyChange, SeenRepository
_SENT_AT = func.coalesce(_WRITE.written_at, _WRITE.unanswered_at, _WRITE.planned_at)
# A repository missing from the last list is deleted, and anything written to it too.
_UNREAD_WRITES = (
    select(_WRITE.repository, _WRITE.after)
    .outerjoin(
        _SEEN,
        and_(_SEEN.connection == _WRITE.connection, _SEEN.region == _WRITE.region, _SEEN.name == _WRITE.repository),
    )
    .where(
        _WRITE.connection == bindparam("at_connection"),
        _WRITE.region == bindparam("at_region"),
        _WRITE.after.is_not(None),
        or_(
            and_(_SEEN.name.is_(None), bindparam("listed_at") <= _SENT_AT),
            and_(_SEEN.name.is_not(None), or_(_SEEN.policy_read_at.is_(None), _SEEN.policy_read_at <= _SENT_AT)),
        ),
    )
    .distinct()
)
_NEVER = datetime.min.replace(tzinfo=UTC)


def repositories_naming(db: Database, service: ServiceKey) -> tuple[str, ...]:
    """Return the repositories whose policy names a role of the service, or may since an operation wrote it, by name."""
    read = queries.naming_service(db, service)
    listed_at = (
        sync_state.find_reading(db, service.connection, service.region, What.REPOSITORIES).succeeded_at or _NEVER
    )
    parameters = {"at_connection": service.connection, "at_region": service.region, "listed_at": listed_at}
    with db.read() as session:
        unread = session.execute(_UNREAD_WRITES, parameters).all()
    written = {repository for repository, text in unread if _names(text, service.name)}
    return tuple(sorted(written.union(read)))


def _names(text: str | None, service: str) -> bool:
    principals, _ = named_in(text)
    return any(principal.service == service for principal in principals)

"""Which tables a restore keeps. A test sees that each table of ours is named here, so that a new one is decided about."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app import tables  # noqa: F401  (imported for its effect: every table is in the metadata)
from app.db import Base

# What happened, parents first.
KEPT = ("operations", "operation_steps", "policy_changes", "webhook_deliveries", "sign_in_events", "finding_dismissals")
# Who may sign in (what has been revoked since must stay so), what AWS looked like then (all of it can be read again),
# and which replicas ran.
DROPPED = (
    "sign_in_links",
    "sign_in_sessions",
    "api_tokens",
    "policy_principals",
    "access_findings",
    "repositories",
    "registries",
    "services",
    "region_readings",
    "connection_identities",
    "instances",
    "retention_proposals",
)
# Where the database itself is: written anew.
OWN = ("database_origins",)


def clear(session: Session) -> None:
    """Delete the rows of every table that a restore does not keep."""
    for name in DROPPED:
        session.execute(delete(Base.metadata.tables[name]))

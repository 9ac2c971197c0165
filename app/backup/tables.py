"""Which tables a restore keeps. A test checks that each of our tables is listed here."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app import tables  # noqa: F401  (registers every table in the metadata)
from app.db import Base

# The history, parents first.
KEPT = ("operations", "operation_steps", "policy_changes", "webhook_deliveries", "sign_in_events", "finding_dismissals")
# Sign-in data (revocations since the backup must stay), the AWS inventory of that time (all of it can be read again),
# and the replicas.
DROPPED = (
    "sign_in_links",
    "sign_in_sessions",
    "api_tokens",
    "policy_principals",
    "access_findings",
    "newest_images",
    "repositories",
    "registries",
    "deployed_images",
    "services",
    "region_readings",
    "repository_list_versions",
    "connection_identities",
    "instances",
    "retention_proposals",
)
# The database's own place: written again.
OWN = ("database_origins",)


def clear(session: Session) -> None:
    """Delete the rows of every table that a restore does not keep."""
    for name in DROPPED:
        session.execute(delete(Base.metadata.tables[name]))

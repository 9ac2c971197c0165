"""The history's tables: operations, their steps, and each policy text before and after.

Rows of ended operations do not change; only retention deletes an operation, completely.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, Json, UtcDateTime
from app.keys import RepositoryKey, ServiceKey

GRANTED = text("outcome = 'succeeded' AND kind IN ('grant', 'repair')")
"""The operations that gave a service access; a query must hold these very words to be served by their index."""

DEACTIVATED = text("kind = 'deactivate'")

SEEN = text("outcome = 'seen'")


class Operation(Base):
    """One durable operation. Its id is its workflow's id; `outcome` is empty while it is live."""

    __tablename__ = "operations"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    connection: Mapped[str] = mapped_column(String(64))
    region: Mapped[str] = mapped_column(String(32))
    service: Mapped[str] = mapped_column(String(255))
    repository: Mapped[str] = mapped_column(String(256))
    subject: Mapped[str] = mapped_column(Text)
    """What it does to what: two operations with the same subject would do the same."""
    sequence: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """The order of the operations of one repository or one service; clocks of different replicas may disagree."""
    input: Mapped[dict[str, Any]] = mapped_column(Json)
    """The workflow's input beyond the columns: the text to restore, the operation to undo, the preview's hash."""
    asked_by: Mapped[str] = mapped_column(String(255))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(20))
    problem: Mapped[dict[str, Any] | None] = mapped_column(Json)
    cancel_requested_by: Mapped[str | None] = mapped_column(String(255))
    principal_arn: Mapped[str] = mapped_column(Text, default="")
    image_uri: Mapped[str] = mapped_column(Text, default="")
    follows: Mapped[str | None] = mapped_column(String(36))
    """The operation that this one retries, undoes or is a part of."""
    batch_id: Mapped[str | None] = mapped_column(String(36))
    """The batch that it belongs to: of the kind `batch` it runs the batch's items of one service, else it is one."""
    version: Mapped[int] = mapped_column(default=1)
    """Grows with every visible change; polls send the one they have."""

    steps: Mapped[list[Step]] = relationship(
        order_by="Step.position", lazy="raise", cascade="all, delete-orphan", passive_deletes=True
    )
    changes: Mapped[list[PolicyChange]] = relationship(
        order_by="PolicyChange.position", lazy="raise", cascade="all, delete-orphan", passive_deletes=True
    )

    @property
    def service_key(self) -> ServiceKey:
        """The key of its service."""
        return ServiceKey(self.connection, self.region, self.service)

    @property
    def repository_key(self) -> RepositoryKey:
        """The key of its repository."""
        return RepositoryKey(self.connection, self.region, self.repository)

    __table_args__ = (
        Index(
            "ix_operations_live",
            "connection",
            "region",
            "repository",
            "service",
            sqlite_where=text("outcome IS NULL"),
            postgresql_where=text("outcome IS NULL"),
        ),
        Index(
            "ix_operations_batch",
            "batch_id",
            "sequence",
            sqlite_where=text("batch_id IS NOT NULL"),
            postgresql_where=text("batch_id IS NOT NULL"),
        ),
        Index("ix_operations_sequence", "sequence"),
        Index("ix_operations_newest", "asked_at", "id"),
        Index("ix_operations_listed", "connection", "asked_at", "id"),
        Index("ix_operations_ended", "connection", "ended_at"),
        Index(
            "ix_operations_follows",
            "follows",
            sqlite_where=text("follows IS NOT NULL"),
            postgresql_where=text("follows IS NOT NULL"),
        ),
        Index(
            "ix_operations_granted",
            "connection",
            "region",
            "service",
            "repository",
            "asked_at",
            sqlite_where=GRANTED,
            postgresql_where=GRANTED,
        ),
        Index("ix_operations_seen", "connection", "ended_at", sqlite_where=SEEN, postgresql_where=SEEN),
        Index(
            "ix_operations_deactivated",
            "connection",
            "region",
            "service",
            "sequence",
            sqlite_where=DEACTIVATED,
            postgresql_where=DEACTIVATED,
        ),
        Index("ix_operations_service", "connection", "region", "service", "asked_at"),
        Index("ix_operations_repository", "connection", "region", "repository", "asked_at"),
    )


class Step(Base):
    """One named part of an operation."""

    __tablename__ = "operation_steps"

    operation_id: Mapped[str] = mapped_column(ForeignKey("operations.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20))
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    note: Mapped[dict[str, Any] | None] = mapped_column(Json)
    problem: Mapped[dict[str, Any] | None] = mapped_column(Json)
    request_ids: Mapped[list[str]] = mapped_column(Json, default=list)


class PolicyChange(Base):
    """One write of a repository's policy: recorded with its text before it is sent, closed when AWS has answered.

    Of an operation of one of `kinds.SEEN` it is a write of somebody else's that a reading showed: `planned_at` is when the text
    before was last known to stand, `written_at` when the text after was read.

    None as a text: the repository had, or then has, no policy. An open one (`written_at` empty) may or may not have
    reached AWS; the step that wrote it reads and compares when it runs again.
    """

    __tablename__ = "policy_changes"

    operation_id: Mapped[str] = mapped_column(ForeignKey("operations.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    connection: Mapped[str] = mapped_column(String(64))
    region: Mapped[str] = mapped_column(String(32))
    repository: Mapped[str] = mapped_column(String(256))
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)
    planned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    written_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unanswered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the wait for AWS's answer ended. AWS may carry the write out later, so it is kept whatever a read shows."""
    request_id: Mapped[str] = mapped_column(String(128), default="")

    @property
    def repository_key(self) -> RepositoryKey:
        """The key of its repository."""
        return RepositoryKey(self.connection, self.region, self.repository)

    __table_args__ = (Index("ix_policy_changes_repository", "connection", "region", "repository", "planned_at"),)


class RetentionProposal(Base):
    """What retention would delete, by one process's clock. It is deleted once another process agrees days later."""

    __tablename__ = "retention_proposals"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    process: Mapped[str] = mapped_column(String(36))
    """The replica and its start that proposed it."""
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    before: Mapped[datetime] = mapped_column(UtcDateTime)
    """What ended before this would be deleted."""


class Delivery(Base):
    """How often an entry was sent to the webhook, and when it was taken; `tried_at` keeps replicas from sending it twice."""

    __tablename__ = "webhook_deliveries"

    operation_id: Mapped[str] = mapped_column(ForeignKey("operations.id", ondelete="CASCADE"), primary_key=True)
    attempts: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

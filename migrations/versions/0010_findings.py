"""Findings about access with their dismissals, what was judged of each repository, and indexes for long histories."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
DUE = sa.text("check_due > 0")
RECHECK = sa.text("recheck_at IS NOT NULL")
FOLLOWS = sa.text("follows IS NOT NULL")
GRANTED = sa.text("outcome = 'succeeded' AND kind IN ('grant', 'repair')")
DRIFT = sa.text("kind = 'drift'")
DEACTIVATED = sa.text("kind = 'deactivate'")


def upgrade() -> None:
    with op.batch_alter_table("repositories", schema=None) as batch_op:
        batch_op.add_column(sa.Column("policy_size", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("state", sa.String(length=16), server_default="unread", nullable=False))
        batch_op.add_column(sa.Column("severity", sa.String(length=16), server_default="", nullable=False))
        batch_op.add_column(sa.Column("finding_count", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("pullers", JSON, nullable=True))
        batch_op.add_column(sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("check_due", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("recheck_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index("ix_repositories_listed", ["connection", "name", "region"])
        batch_op.create_index("ix_repositories_checked", ["connection", "checked_at"])
        batch_op.create_index("ix_repositories_state", ["connection", "state", "name", "region"])
        batch_op.create_index(
            "ix_repositories_due", ["connection", "region", "name"], sqlite_where=DUE, postgresql_where=DUE
        )
        batch_op.create_index(
            "ix_repositories_recheck", ["connection", "recheck_at"], sqlite_where=RECHECK, postgresql_where=RECHECK
        )
    with op.batch_alter_table("policy_principals", schema=None) as batch_op:
        batch_op.drop_index("ix_policy_principals_service")
        batch_op.create_index(
            "ix_policy_principals_service", ["connection", "region", "service", "principal", "access"]
        )
    op.execute("UPDATE repositories SET check_due = 1 WHERE policy_read_at IS NOT NULL")
    _make_findings()
    _make_dismissals()
    op.create_table(
        "webhook_deliveries",
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operations.id"],
            name=op.f("fk_webhook_deliveries_operation_id_operations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("operation_id", name=op.f("pk_webhook_deliveries")),
    )
    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.create_index("ix_operations_listed", ["connection", "asked_at", "id"])
        batch_op.create_index(
            "ix_operations_drift", ["connection", "ended_at"], sqlite_where=DRIFT, postgresql_where=DRIFT
        )
        batch_op.create_index(
            "ix_operations_deactivated",
            ["connection", "region", "service", "sequence"],
            sqlite_where=DEACTIVATED,
            postgresql_where=DEACTIVATED,
        )
        batch_op.create_index("ix_operations_ended", ["connection", "ended_at"])
        batch_op.create_index("ix_operations_follows", ["follows"], sqlite_where=FOLLOWS, postgresql_where=FOLLOWS)
        batch_op.create_index(
            "ix_operations_granted",
            ["connection", "region", "service", "repository", "asked_at"],
            sqlite_where=GRANTED,
            postgresql_where=GRANTED,
        )


def _make_findings() -> None:
    op.create_table(
        "access_findings",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("repository", sa.String(length=256), nullable=False),
        sa.Column("service", sa.String(length=255), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("params", JSON, nullable=False),
        sa.Column("statement", sa.Integer(), nullable=True),
        sa.Column("repair", sa.String(length=16), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection", "region", "repository"],
            ["repositories.connection", "repositories.region", "repositories.name"],
            name="fk_access_findings_repository",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("connection", "id", name=op.f("pk_access_findings")),
    )
    op.create_index("ix_access_findings_worst", "access_findings", ["connection", "rank", "repository", "region", "id"])
    op.create_index("ix_access_findings_repository", "access_findings", ["connection", "region", "repository"])
    op.create_index("ix_access_findings_service", "access_findings", ["connection", "region", "service"])


def _make_dismissals() -> None:
    op.create_table(
        "finding_dismissals",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("repository", sa.String(length=256), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("dismissed_by", sa.String(length=255), nullable=False),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection", "id", name=op.f("pk_finding_dismissals")),
    )
    op.create_index("ix_finding_dismissals_repository", "finding_dismissals", ["connection", "region", "repository"])


def downgrade() -> None:
    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.drop_index("ix_operations_drift")
        batch_op.drop_index("ix_operations_deactivated")
        batch_op.drop_index("ix_operations_granted")
        batch_op.drop_index("ix_operations_follows")
        batch_op.drop_index("ix_operations_ended")
        batch_op.drop_index("ix_operations_listed")
    op.drop_table("webhook_deliveries")
    op.drop_table("finding_dismissals")
    op.drop_table("access_findings")
    with op.batch_alter_table("policy_principals", schema=None) as batch_op:
        batch_op.drop_index("ix_policy_principals_service")
        batch_op.create_index("ix_policy_principals_service", ["connection", "region", "service"])
    # Not in a batch: that makes the table anew on SQLite, and deletes what refers to it.
    for name in ("recheck", "due", "state", "checked", "listed"):
        op.drop_index(f"ix_repositories_{name}", table_name="repositories")
    for name in (
        "recheck_at",
        "check_due",
        "checked_at",
        "pullers",
        "finding_count",
        "severity",
        "state",
        "policy_size",
    ):
        op.drop_column("repositories", name)

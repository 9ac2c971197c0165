"""The order of operations on one thing, policy writes whose answer was lost, and what retention proposes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LIVE = sa.text("outcome IS NULL")


def upgrade() -> None:
    # The release before this one inserts rows without it.
    op.add_column("operations", sa.Column("sequence", sa.BigInteger(), nullable=False, server_default="0"))
    op.drop_index("uq_operations_live_subject", table_name="operations")
    op.create_index("ix_operations_sequence", "operations", ["sequence"])
    op.create_index(
        "ix_operations_live",
        "operations",
        ["connection", "region", "repository", "service"],
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.add_column("policy_changes", sa.Column("unanswered_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("services", sa.Column("role_since", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "retention_proposals",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("process", sa.String(length=36), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_proposals")),
    )


def downgrade() -> None:
    op.drop_table("retention_proposals")
    op.drop_column("services", "role_since")
    op.drop_column("policy_changes", "unanswered_at")
    op.drop_index("ix_operations_live", table_name="operations")
    op.drop_index("ix_operations_sequence", table_name="operations")
    op.create_index(
        "uq_operations_live_subject",
        "operations",
        ["subject"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.drop_column("operations", "sequence")

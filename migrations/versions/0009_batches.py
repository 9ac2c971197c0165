"""Which batch an operation belongs to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("operations", sa.Column("batch_id", sa.String(length=36), nullable=True))
    op.create_index(
        "ix_operations_batch",
        "operations",
        ["batch_id", "sequence"],
        unique=False,
        sqlite_where=sa.text("batch_id IS NOT NULL"),
        postgresql_where=sa.text("batch_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_operations_batch", table_name="operations")
    op.drop_column("operations", "batch_id")

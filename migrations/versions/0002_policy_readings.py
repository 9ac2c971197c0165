"""Policies: when their reading was last tried, and what they give each role."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("repositories", schema=None) as batch_op:
        batch_op.add_column(sa.Column("policy_tried_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_index("ix_repositories_unread")
        batch_op.create_index("ix_repositories_tried", ["connection", "region", "policy_tried_at"], unique=False)
    with op.batch_alter_table("policy_principals", schema=None) as batch_op:
        batch_op.add_column(sa.Column("access", sa.String(length=16), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("policy_principals", schema=None) as batch_op:
        batch_op.drop_column("access")
    # Not in a batch: that makes the table anew on SQLite, and deletes what refers to it.
    op.drop_index("ix_repositories_tried", table_name="repositories")
    op.drop_column("repositories", "policy_tried_at")
    op.create_index("ix_repositories_unread", "repositories", ["connection", "region", "policy_read_at"], unique=False)

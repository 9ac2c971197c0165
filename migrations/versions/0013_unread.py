"""An index of the repositories whose policy was never read: pages count them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

UNREAD = sa.text("policy_read_at IS NULL")


def upgrade() -> None:
    op.create_index(
        "ix_repositories_unread", "repositories", ["connection"], sqlite_where=UNREAD, postgresql_where=UNREAD
    )


def downgrade() -> None:
    op.drop_index("ix_repositories_unread", "repositories")

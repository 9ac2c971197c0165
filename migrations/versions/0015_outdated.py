"""An index of the repositories whose policy could not be read at the last try: pages count them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

OUTDATED = sa.text("policy_tried_at > policy_read_at")


def upgrade() -> None:
    op.create_index(
        "ix_repositories_outdated", "repositories", ["connection"], sqlite_where=OUTDATED, postgresql_where=OUTDATED
    )


def downgrade() -> None:
    op.drop_index("ix_repositories_outdated", "repositories")

"""An index of all entries of what was seen, which the webhook tells."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SEEN = sa.text("outcome = 'seen'")
DRIFT = sa.text("kind = 'drift'")


def upgrade() -> None:
    op.drop_index("ix_operations_drift", "operations")
    op.create_index(
        "ix_operations_seen", "operations", ["connection", "ended_at"], sqlite_where=SEEN, postgresql_where=SEEN
    )


def downgrade() -> None:
    op.drop_index("ix_operations_seen", "operations")
    op.create_index(
        "ix_operations_drift", "operations", ["connection", "ended_at"], sqlite_where=DRIFT, postgresql_where=DRIFT
    )

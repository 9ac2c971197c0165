"""An index of the repositories whose policy could not be read at the last try: pages count them, and none is fine."""

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
    # Judged before, when an older policy still counted as fine.
    repositories = sa.table("repositories", sa.column("check_due"))
    op.execute(repositories.update().where(OUTDATED).values(check_due=repositories.c.check_due + 1))


def downgrade() -> None:
    op.drop_index("ix_repositories_outdated", "repositories")

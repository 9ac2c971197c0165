"""Everything is judged again: the statement that a finding goes by, and its severity, are now part of its id."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("repositories", "services"):
        table = sa.table(name, sa.column("check_due"))
        op.execute(table.update().values(check_due=table.c.check_due + 1))


def downgrade() -> None:
    upgrade()

"""A number for each Region's list of repositories, so that open pages need not count them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "repository_list_versions",
        sa.Column("connection", sa.String(64), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "region", name="pk_repository_list_versions"),
    )


def downgrade() -> None:
    op.drop_table("repository_list_versions")

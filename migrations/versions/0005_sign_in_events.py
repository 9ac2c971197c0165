"""Where sessions come from, what tokens may do, and the record of sign-ins.

Every new column has a default, so that a replica of the release before can write these tables meanwhile.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    for name, length in (("address", 64), ("browser", 255)):
        column = sa.Column(name, sa.String(length=length), nullable=False, server_default="")
        op.add_column("sign_in_sessions", column)
    op.add_column("api_tokens", sa.Column("scope", sa.String(length=16), nullable=False, server_default="change"))
    op.create_table(
        "sign_in_events",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=255), nullable=False),
        sa.Column("via", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("browser", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", TIME, nullable=True),
        sa.Column("detail", JSON, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_events")),
    )
    op.create_index("ix_sign_in_events_at", "sign_in_events", ["at"])


def downgrade() -> None:
    op.drop_index("ix_sign_in_events_at", "sign_in_events")
    op.drop_table("sign_in_events")
    op.drop_column("api_tokens", "scope")
    op.drop_column("sign_in_sessions", "browser")
    op.drop_column("sign_in_sessions", "address")

"""Images that services deploy, the newest image of each repository, and findings about a service alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
DUE = sa.text("check_due > 0")
REPOSITORY = ["repositories.connection", "repositories.region", "repositories.name"]


def upgrade() -> None:
    with op.batch_alter_table("services", schema=None) as batch_op:
        batch_op.add_column(sa.Column("check_due", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            "ix_services_due", ["connection", "region", "name"], sqlite_where=DUE, postgresql_where=DUE
        )
    with op.batch_alter_table("access_findings", schema=None) as batch_op:
        batch_op.drop_constraint("fk_access_findings_repository", type_="foreignkey")
        batch_op.add_column(sa.Column("known_repository", sa.String(length=256), nullable=True))
    op.execute("UPDATE access_findings SET known_repository = repository")
    with op.batch_alter_table("access_findings", schema=None) as batch_op:
        batch_op.create_foreign_key(
            "fk_access_findings_repository",
            "repositories",
            ["connection", "region", "known_repository"],
            ["connection", "region", "name"],
            ondelete="CASCADE",
        )
        batch_op.create_index("ix_access_findings_known", ["connection", "region", "known_repository"])
    op.create_table(
        "deployed_images",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("service", sa.String(length=255), nullable=False),
        sa.Column("repository", sa.String(length=256), nullable=False),
        sa.Column("reference", sa.String(length=256), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_next", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", JSON, nullable=True),
        sa.ForeignKeyConstraint(
            ["connection", "region", "service"],
            ["services.connection", "services.region", "services.name"],
            name="fk_deployed_images_service",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "connection", "region", "service", "repository", "reference", name=op.f("pk_deployed_images")
        ),
    )
    op.create_index(
        "ix_deployed_images_repository", "deployed_images", ["connection", "region", "repository", "reference"]
    )
    op.create_table(
        "newest_images",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("repository", sa.String(length=256), nullable=False),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("pushed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("problem", JSON, nullable=True),
        sa.ForeignKeyConstraint(
            ["connection", "region", "repository"], REPOSITORY, name="fk_newest_images_repository", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection", "region", "repository", name=op.f("pk_newest_images")),
    )


def downgrade() -> None:
    op.drop_table("newest_images")
    op.drop_table("deployed_images")
    op.execute("DELETE FROM access_findings WHERE known_repository IS NULL")
    with op.batch_alter_table("access_findings", schema=None) as batch_op:
        batch_op.drop_constraint("fk_access_findings_repository", type_="foreignkey")
        batch_op.drop_index("ix_access_findings_known")
        batch_op.drop_column("known_repository")
        batch_op.create_foreign_key(
            "fk_access_findings_repository",
            "repositories",
            ["connection", "region", "repository"],
            ["connection", "region", "name"],
            ondelete="CASCADE",
        )
    with op.batch_alter_table("services", schema=None) as batch_op:
        batch_op.drop_index("ix_services_due")
        batch_op.drop_column("checked_at")
        batch_op.drop_column("check_due")

"""First tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "connection_identities",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("arn", sa.Text(), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("connection", name=op.f("pk_connection_identities")),
    )
    op.create_table(
        "operations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("service", sa.String(length=255), nullable=False),
        sa.Column("repository", sa.String(length=256), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("input", JSON, nullable=False),
        sa.Column("asked_by", sa.String(length=255), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("problem", JSON, nullable=True),
        sa.Column("cancel_requested_by", sa.String(length=255), nullable=True),
        sa.Column("principal_arn", sa.Text(), nullable=False),
        sa.Column("image_uri", sa.Text(), nullable=False),
        sa.Column("follows", sa.String(length=36), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operations")),
    )
    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.create_index("ix_operations_newest", ["asked_at", "id"], unique=False)
        batch_op.create_index(
            "ix_operations_repository", ["connection", "region", "repository", "asked_at"], unique=False
        )
        batch_op.create_index("ix_operations_service", ["connection", "region", "service", "asked_at"], unique=False)
        batch_op.create_index(
            "uq_operations_live_subject",
            ["subject"],
            unique=True,
            sqlite_where=sa.text("outcome IS NULL"),
            postgresql_where=sa.text("outcome IS NULL"),
        )

    op.create_table(
        "region_readings",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("succeeded_at", TIME, nullable=True),
        sa.Column("problem", JSON, nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "region", "what", name=op.f("pk_region_readings")),
    )
    op.create_table(
        "repositories",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("registry_id", sa.String(length=12), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("arn", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=True),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("policy_text", sa.Text(), nullable=True),
        sa.Column("policy_read_at", TIME, nullable=True),
        sa.Column("policy_problem", JSON, nullable=True),
        sa.PrimaryKeyConstraint("connection", "region", "name", name=op.f("pk_repositories")),
    )
    with op.batch_alter_table("repositories", schema=None) as batch_op:
        batch_op.create_index("ix_repositories_unread", ["connection", "region", "policy_read_at"], unique=False)

    op.create_table(
        "services",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("role_active", sa.Boolean(), nullable=False),
        sa.Column("role_arn", sa.Text(), nullable=False),
        sa.Column("general_arn", sa.Text(), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("connection", "region", "name", name=op.f("pk_services")),
    )
    op.create_table(
        "operation_steps",
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("note", JSON, nullable=True),
        sa.Column("problem", JSON, nullable=True),
        sa.Column("request_ids", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operations.id"],
            name=op.f("fk_operation_steps_operation_id_operations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("operation_id", "position", name=op.f("pk_operation_steps")),
    )
    op.create_table(
        "policy_changes",
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("repository", sa.String(length=256), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("planned_at", TIME, nullable=False),
        sa.Column("written_at", TIME, nullable=True),
        sa.Column("request_id", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operations.id"],
            name=op.f("fk_policy_changes_operation_id_operations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("operation_id", "position", name=op.f("pk_policy_changes")),
    )
    with op.batch_alter_table("policy_changes", schema=None) as batch_op:
        batch_op.create_index(
            "ix_policy_changes_repository", ["connection", "region", "repository", "planned_at"], unique=False
        )

    op.create_table(
        "policy_principals",
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("repository", sa.String(length=256), nullable=False),
        sa.Column("principal", sa.String(length=512), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("service", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection", "region", "repository"],
            ["repositories.connection", "repositories.region", "repositories.name"],
            name="fk_policy_principals_repository",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("connection", "region", "repository", "principal", name=op.f("pk_policy_principals")),
    )
    with op.batch_alter_table("policy_principals", schema=None) as batch_op:
        batch_op.create_index("ix_policy_principals_principal", ["connection", "region", "principal"], unique=False)
        batch_op.create_index("ix_policy_principals_service", ["connection", "region", "service"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("policy_principals", schema=None) as batch_op:
        batch_op.drop_index("ix_policy_principals_service")
        batch_op.drop_index("ix_policy_principals_principal")

    op.drop_table("policy_principals")
    with op.batch_alter_table("policy_changes", schema=None) as batch_op:
        batch_op.drop_index("ix_policy_changes_repository")

    op.drop_table("policy_changes")
    op.drop_table("operation_steps")
    op.drop_table("services")
    with op.batch_alter_table("repositories", schema=None) as batch_op:
        batch_op.drop_index("ix_repositories_unread")

    op.drop_table("repositories")
    op.drop_table("region_readings")
    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_operations_live_subject",
            sqlite_where=sa.text("outcome IS NULL"),
            postgresql_where=sa.text("outcome IS NULL"),
        )
        batch_op.drop_index("ix_operations_service")
        batch_op.drop_index("ix_operations_repository")
        batch_op.drop_index("ix_operations_newest")

    op.drop_table("operations")
    op.drop_table("connection_identities")

"""The tables of what exists in AWS, as we last saw it. Everything in them can be read again; none of it is history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Json, UtcDateTime


class SeenService(Base):
    """A container service; `facts` holds all of it, as in `ports.ContainerService`."""

    __tablename__ = "services"

    connection: Mapped[str] = mapped_column(String(64), primary_key=True)
    region: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    account: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(32))
    role_active: Mapped[bool]
    role_arn: Mapped[str] = mapped_column(Text)
    role_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When `role_arn` was first seen with this value. ECR does not know a principal during its first minutes."""
    general_arn: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    check_due: Mapped[int] = mapped_column(default=1, server_default="1")
    """How often something that findings about it depend on changed since it was judged; 0: the judgement is up to date."""
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When findings about it were judged last."""

    __table_args__ = (
        Index(
            "ix_services_due",
            "connection",
            "region",
            "name",
            sqlite_where=text("check_due > 0"),
            postgresql_where=text("check_due > 0"),
        ),
    )


class DeployedImage(Base):
    """An image of this registry that a service's current or next deployment names, and whether ECR has it.

    `state` empty: not known yet. `problem` is why it could not be read at `tried_at`; the state is an older one then.
    """

    __tablename__ = "deployed_images"

    connection: Mapped[str] = mapped_column(String(64), primary_key=True)
    region: Mapped[str] = mapped_column(String(32), primary_key=True)
    service: Mapped[str] = mapped_column(String(255), primary_key=True)
    repository: Mapped[str] = mapped_column(String(256), primary_key=True)
    reference: Mapped[str] = mapped_column(String(256), primary_key=True)
    """`:tag` or `@digest`."""
    version: Mapped[int]
    is_next: Mapped[bool]
    """It is named by the deployment that is being activated, and perhaps by the current one too."""
    state: Mapped[str] = mapped_column(String(16), default="")
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[dict[str, Any] | None] = mapped_column(Json)

    __table_args__ = (
        ForeignKeyConstraint(
            ["connection", "region", "service"],
            ["services.connection", "services.region", "services.name"],
            ondelete="CASCADE",
            name="fk_deployed_images_service",
        ),
        Index("ix_deployed_images_repository", "connection", "region", "repository", "reference"),
    )


class NewestImage(Base):
    """The tags of a repository's newest image that can be pulled, as they were at `read_at`; none: there is no such image.

    `problem` is why it could not be told at `tried_at`; the rest is older then, or was never read (`read_at` empty).
    """

    __tablename__ = "newest_images"

    connection: Mapped[str] = mapped_column(String(64), primary_key=True)
    region: Mapped[str] = mapped_column(String(32), primary_key=True)
    repository: Mapped[str] = mapped_column(String(256), primary_key=True)
    tags: Mapped[list[str]] = mapped_column(Json, default=list)
    pushed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tried_at: Mapped[datetime] = mapped_column(UtcDateTime)
    problem: Mapped[dict[str, Any] | None] = mapped_column(Json)

    __table_args__ = (
        ForeignKeyConstraint(
            ["connection", "region", "repository"],
            ["repositories.connection", "repositories.region", "repositories.name"],
            ondelete="CASCADE",
            name="fk_newest_images_repository",
        ),
    )


class SeenRepository(Base):
    """A repository and its policy. `policy_read_at` empty: not read yet; with an empty text: it has no policy.

    `policy_tried_at` later than `policy_read_at`: the text is an older one, for the reason in `policy_problem`.
    """

    __tablename__ = "repositories"

    connection: Mapped[str] = mapped_column(String(64), primary_key=True)
    region: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(256), primary_key=True)
    registry_id: Mapped[str] = mapped_column(String(12))
    uri: Mapped[str] = mapped_column(Text)
    arn: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    policy_text: Mapped[str | None] = mapped_column(Text)
    policy_read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    policy_tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    policy_problem: Mapped[dict[str, Any] | None] = mapped_column(Json)
    policy_size: Mapped[int | None]
    """Characters of the policy as it would be sent to ECR; None: not judged yet."""
    state: Mapped[str] = mapped_column(String(16), default="unread", server_default="unread")
    """What was found when access was judged last: unread, none (no policy), fine or findings."""
    severity: Mapped[str] = mapped_column(String(16), default="", server_default="")
    """The worst severity of the findings that are not dismissed; "" for none."""
    finding_count: Mapped[int] = mapped_column(default=0, server_default="0")
    pullers: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Who can pull, as `findings.judge.Pullers` says it."""
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When access was judged last."""
    check_due: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often something that decides on access changed since it was judged; 0: the judgement is up to date."""
    recheck_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until when the judgement holds, where it depends on the time."""

    __table_args__ = (
        Index("ix_repositories_tried", "connection", "region", "policy_tried_at"),
        Index("ix_repositories_listed", "connection", "name", "region"),
        Index("ix_repositories_checked", "connection", "checked_at"),
        Index("ix_repositories_state", "connection", "state", "name", "region"),
        Index(
            "ix_repositories_due",
            "connection",
            "region",
            "name",
            sqlite_where=text("check_due > 0"),
            postgresql_where=text("check_due > 0"),
        ),
        Index(
            "ix_repositories_unread",
            "connection",
            sqlite_where=text("policy_read_at IS NULL"),
            postgresql_where=text("policy_read_at IS NULL"),
        ),
        Index(
            "ix_repositories_outdated",
            "connection",
            sqlite_where=text("policy_tried_at > policy_read_at"),
            postgresql_where=text("policy_tried_at > policy_read_at"),
        ),
        Index(
            "ix_repositories_recheck",
            "connection",
            "recheck_at",
            sqlite_where=text("recheck_at IS NOT NULL"),
            postgresql_where=text("recheck_at IS NOT NULL"),
        ),
    )


OUTDATED = SeenRepository.policy_tried_at > SeenRepository.policy_read_at
"""The policy could not be read at the last try: what is known of it is older."""


class RepositoryListVersion(Base):
    """How often a repository of a Region appeared, changed or was deleted: open pages ask that, and count nothing."""

    __tablename__ = "repository_list_versions"

    connection: Mapped[str] = mapped_column(String(64), primary_key=True)
    region: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[int]


class SeenRegistry(Base):
    """A region's registry policy. `read_at` empty: it could not be read yet, for the reason in `problem`.

    An empty text after a read: there is no policy. An empty `scope` beside a text: the scope could not be read.
    `tried_at` later than `read_at`: the text is an older one, for the reason in `problem`.
    """

    __tablename__ = "registries"

    connection: Mapped[str] = mapped_column(String(64), primary_key=True)
    region: Mapped[str] = mapped_column(String(32), primary_key=True)
    policy_text: Mapped[str | None] = mapped_column(Text)
    scope: Mapped[str | None] = mapped_column(String(16))
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tried_at: Mapped[datetime] = mapped_column(UtcDateTime)
    problem: Mapped[dict[str, Any] | None] = mapped_column(Json)


class PolicyPrincipal(Base):
    """A principal that a repository's policy names anywhere; `service` is the one in its role's path, or "".

    `access` is what the policy as a whole gives it (`policy.verdict.Access`); "" if it is not a role. `NotPrincipal`
    counts as naming the principals in it, though it is about all others.
    """

    __tablename__ = "policy_principals"

    connection: Mapped[str] = mapped_column(String(64), primary_key=True)
    region: Mapped[str] = mapped_column(String(32), primary_key=True)
    repository: Mapped[str] = mapped_column(String(256), primary_key=True)
    principal: Mapped[str] = mapped_column(String(512), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    service: Mapped[str] = mapped_column(String(255), default="")
    access: Mapped[str] = mapped_column(String(16), default="")

    __table_args__ = (
        ForeignKeyConstraint(
            ["connection", "region", "repository"],
            ["repositories.connection", "repositories.region", "repositories.name"],
            ondelete="CASCADE",
            name="fk_policy_principals_repository",
        ),
        Index("ix_policy_principals_principal", "connection", "region", "principal"),
        Index("ix_policy_principals_service", "connection", "region", "service", "principal", "access"),
    )


class RegionReading(Base):
    """The last read of one part of a region: `what` is services, repositories, policies, registry or images.

    `started_at` later than `ended_at`: it is being read, or its reader died; an old claim is taken over.
    """

    __tablename__ = "region_readings"

    connection: Mapped[str] = mapped_column(String(64), primary_key=True)
    region: Mapped[str] = mapped_column(String(32), primary_key=True)
    what: Mapped[str] = mapped_column(String(16), primary_key=True)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    succeeded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[dict[str, Any] | None] = mapped_column(Json)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)


class ConnectionIdentity(Base):
    """The AWS caller identity when it was last read, per connection."""

    __tablename__ = "connection_identities"

    connection: Mapped[str] = mapped_column(String(64), primary_key=True)
    account: Mapped[str] = mapped_column(String(12))
    arn: Mapped[str] = mapped_column(Text)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)

"""The tables of findings and of their dismissals. Findings can be worked out again; dismissals are people's decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Json, UtcDateTime


class KeptFinding(Base):
    """A finding as it was when its repository, or its service, was judged last; `rank` orders severities, the worst first."""

    __tablename__ = "access_findings"

    connection: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    region: Mapped[str] = mapped_column(String(32))
    repository: Mapped[str] = mapped_column(String(256))
    """"" for a finding about a service alone."""
    known_repository: Mapped[str | None] = mapped_column(String(256))
    """The same where that repository exists, so that the finding is deleted with it."""
    service: Mapped[str] = mapped_column(String(255), default="")
    code: Mapped[str] = mapped_column(String(64))
    severity: Mapped[str] = mapped_column(String(16))
    rank: Mapped[int]
    principal: Mapped[str] = mapped_column(Text, default="")
    params: Mapped[dict[str, Any]] = mapped_column(Json)
    statement: Mapped[int | None]
    repair: Mapped[str] = mapped_column(String(16), default="")
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    """When it began, or was first seen."""

    __table_args__ = (
        ForeignKeyConstraint(
            ["connection", "region", "known_repository"],
            ["repositories.connection", "repositories.region", "repositories.name"],
            ondelete="CASCADE",
            name="fk_access_findings_repository",
        ),
        Index("ix_access_findings_worst", "connection", "rank", "repository", "region", "id"),
        Index("ix_access_findings_repository", "connection", "region", "repository"),
        Index("ix_access_findings_known", "connection", "region", "known_repository"),
        Index("ix_access_findings_service", "connection", "region", "service"),
    )


class Dismissal(Base):
    """A finding that a person dismissed, with the reason, until a time."""

    __tablename__ = "finding_dismissals"

    connection: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    region: Mapped[str] = mapped_column(String(32))
    repository: Mapped[str] = mapped_column(String(256))
    reason: Mapped[str] = mapped_column(Text)
    dismissed_by: Mapped[str] = mapped_column(String(255))
    dismissed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_finding_dismissals_repository", "connection", "region", "repository"),)

"""The tables of who may come in. Must never hold a secret: only hashes, from which none can be had back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UtcDateTime


class SignInLink(Base):
    """A link that lets one browser in, once. `used_at` is empty until it has."""

    __tablename__ = "sign_in_links"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[str] = mapped_column(String(255))
    """Who is signed in by it: whoever had it printed."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInSession(Base):
    """A signed-in browser. Signing out deletes the row."""

    __tablename__ = "sign_in_sessions"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Written at most once an hour."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Moves on with `seen_at`, up to a last day."""

    __table_args__ = (Index("ix_sign_in_sessions_expires_at", "expires_at"),)


class ApiToken(Base):
    """A program's way in. Revoking deletes the row."""

    __tablename__ = "api_tokens"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Empty: never."""
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Written at most once an hour."""

"""The tables of sign-in: links, sessions, tokens, and the record of what happened to them.

No table holds a secret: only hashes, which aren't reversible. `tests/auth/test_sign_in.py` looks through all of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from app.auth.secret import SHORT_ID
from app.db import Base, Json, UtcDateTime


class SignInLink(Base):
    """A link that signs one browser in, once. `used_at` is empty until then; a revoked link is deleted."""

    __tablename__ = "sign_in_links"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[str] = mapped_column(String(255))
    """The person who printed it, and whom it signs in."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInSession(Base):
    """A signed-in browser. Ending the session deletes the row."""

    __tablename__ = "sign_in_sessions"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Written every few minutes at most."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Moves with `seen_at`, up to a last day."""
    address: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """The address of its first request, "" in rows of older releases."""
    browser: Mapped[str] = mapped_column(String(255), default="", server_default="")
    """The User-Agent header of its first request."""

    __table_args__ = (Index("ix_sign_in_sessions_expires_at", "expires_at"),)


class ApiToken(Base):
    """A program's credential. Revoking it deletes the row."""

    __tablename__ = "api_tokens"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Empty: never."""
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Written every few minutes at most."""
    scope: Mapped[str] = mapped_column(String(16), default="change", server_default="change")
    """What it may do; tokens of older releases could do everything."""


class SignInEvent(Base):
    """A sign-in event. Only the row of a repeated refusal is ever changed: its count rises."""

    __tablename__ = "sign_in_events"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(32))
    person: Mapped[str] = mapped_column(String(255))
    """Who did it, as history names them; "" where that isn't known."""
    via: Mapped[str] = mapped_column(String(16))
    """How they were authenticated: by a link, a session, a token, or in a terminal."""
    address: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    """What it was done to: the id of a session or link, the name of a token, a backup's file name."""
    count: Mapped[int]
    """How often, at least."""
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it happened last, if it happened more than once."""
    detail: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """A token's scope and expiry, how many links were voided, how many sessions ended."""

    __table_args__ = (Index("ix_sign_in_events_at", "at"),)


def has_short_id(hashed: Any, short: str) -> ColumnElement[bool]:
    """Return the condition that a hash begins with the id that people see."""
    return func.substr(hashed, 1, SHORT_ID) == short

"""Stores and finds API tokens by their hashes, and records their events. Handles no secrets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth import events
from app.auth.events import Actor, EventKind
from app.auth.models import ApiToken
from app.auth.rules import TOUCH_AFTER
from app.auth.scopes import Scope
from app.db import Database
from app.errors import Problem


@dataclass(frozen=True)
class TokenFacts:
    """A token without its secret. `scope` is what it may do; `expires_at` None: it doesn't expire."""

    name: str
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    scope: Scope = Scope.CHANGE

    def has_expired(self, now: datetime) -> bool:
        """Return whether it has expired by `now`."""
        return self.expires_at is not None and self.expires_at <= now


def add_token(db: Database, token: str, facts: TokenFacts, actor: Actor) -> None:
    """Store a new token. It replaces an expired one of its name.

    Args:
        db: the server's database.
        token: the hash of its secret.
        facts: what is stored of it.
        actor: who made it, to be recorded. `app.auth.borrowed` stores the tokens that commands borrow.

    Raises:
        Problem: `auth.token_name_taken`.
    """
    has_expired = ApiToken.expires_at <= facts.created_at
    try:
        with db.write() as session:
            session.execute(delete(ApiToken).where(has_expired, ApiToken.name == facts.name))
            session.add(
                ApiToken(
                    name=facts.name,
                    hash=token,
                    created_by=facts.created_by,
                    created_at=facts.created_at,
                    expires_at=facts.expires_at,
                    scope=facts.scope,
                )
            )
            session.flush()
            detail, at = _token_detail(facts), facts.created_at
            events.add(session, EventKind.TOKEN_CREATED, actor, at, subject=facts.name, detail=detail)
    except IntegrityError as error:
        raise Problem("auth.token_name_taken", name=facts.name) from error


def find_token(db: Database, hashed: str, now: datetime) -> ApiToken | None:
    """Return the valid token with this hash, or None."""
    with db.read() as session:
        alive = or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now)
        return session.scalar(select(ApiToken).where(ApiToken.hash == hashed, alive))


def touch_token(db: Database, row: ApiToken, now: datetime) -> None:
    """Record that a token was used, unless that was done recently."""
    if row.used_at is not None and now - row.used_at < TOUCH_AFTER:
        return
    with db.write() as session:
        session.execute(update(ApiToken).where(ApiToken.hash == row.hash).values(used_at=now))


def list_tokens(db: Database) -> tuple[TokenFacts, ...]:
    """Return every token, by name, including expired ones."""
    with db.read() as session:
        return tuple(_token_facts(row) for row in session.scalars(select(ApiToken).order_by(ApiToken.name)))


def revoke_token(db: Database, name: str, actor: Actor, now: datetime) -> str:
    """Revoke a token, record who did it, and return its hash.

    Raises:
        Problem: `auth.token_not_found`.
    """
    with db.write() as session:
        hashed = _delete_token(session, name)
        events.add(session, EventKind.TOKEN_REVOKED, actor, now, subject=name)
    return hashed


def _delete_token(session: Session, name: str) -> str:
    hashed: str | None = session.scalar(delete(ApiToken).where(ApiToken.name == name).returning(ApiToken.hash))
    if hashed is None:
        raise Problem("auth.token_not_found", name=name)
    return hashed


def _token_facts(row: ApiToken) -> TokenFacts:
    return TokenFacts(row.name, row.created_by, row.created_at, row.expires_at, row.used_at, Scope(row.scope))


def _token_detail(facts: TokenFacts) -> dict[str, str]:
    expires = facts.expires_at.isoformat() if facts.expires_at else "never"
    return {"scope": facts.scope, "expires": expires}

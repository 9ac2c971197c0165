"""Writes and finds links, sessions and tokens by their hashes. Must never see a secret.

What may happen once is one conditional statement that says by its row count whether it happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth.models import ApiToken, SignInLink, SignInSession
from app.auth.rules import LINK_LIFETIME, TOUCH_AFTER, session_end
from app.db import Database
from app.errors import Problem


def add_link(db: Database, link: str, person: str, now: datetime) -> None:
    """Let a link count from now on, and forget what has run out."""
    with db.write() as session:
        session.execute(delete(SignInLink).where(SignInLink.expires_at <= now))
        session.execute(delete(SignInSession).where(SignInSession.expires_at <= now))
        session.add(SignInLink(hash=link, person=person, created_at=now, expires_at=now + LINK_LIFETIME))


def has_link(db: Database, link: str, now: datetime) -> bool:
    """Whether a link would let somebody in."""
    with db.read() as session:
        return session.scalar(select(SignInLink.hash).where(*_counts(link, now))) is not None


def exchange(db: Database, link: str, new_session: str, now: datetime) -> bool:
    """Use a link up and begin a session in its place, both or neither. False: it is wrong, too old or used."""
    with db.write() as session:
        person = session.scalar(
            update(SignInLink).where(*_counts(link, now)).values(used_at=now).returning(SignInLink.person)
        )
        if person is None:
            return False
        session.add(
            SignInSession(
                hash=new_session, person=person, created_at=now, seen_at=now, expires_at=session_end(now, now)
            )
        )
        return True


def find_session(db: Database, wanted: str, now: datetime) -> SignInSession | None:
    """The session that counts now, if there is one."""
    with db.read() as session:
        return session.scalar(select(SignInSession).where(SignInSession.hash == wanted, SignInSession.expires_at > now))


def touch_session(db: Database, found: SignInSession, now: datetime) -> None:
    """Write down that a session was used, unless that was done within the hour."""
    if now - found.seen_at < TOUCH_AFTER:
        return
    with db.write() as session:
        session.execute(
            update(SignInSession)
            .where(SignInSession.hash == found.hash, SignInSession.seen_at == found.seen_at)
            .values(seen_at=now, expires_at=session_end(found.created_at, now))
        )


def end_session(db: Database, wanted: str) -> None:
    """Sign out."""
    with db.write() as session:
        session.execute(delete(SignInSession).where(SignInSession.hash == wanted))


@dataclass(frozen=True)
class TokenFacts:
    """What can be told about a token."""

    name: str
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


def add_token(db: Database, token: str, facts: TokenFacts) -> None:
    """Let a token count from now on.

    Raises:
        Problem: `auth.token_name_taken`.
    """
    try:
        with db.write() as session:
            session.add(
                ApiToken(
                    name=facts.name,
                    hash=token,
                    created_by=facts.created_by,
                    created_at=facts.created_at,
                    expires_at=facts.expires_at,
                )
            )
    except IntegrityError as error:
        raise Problem("auth.token_name_taken", name=facts.name) from error


def find_token(db: Database, wanted: str, now: datetime) -> ApiToken | None:
    """The token that counts now, if there is one."""
    with db.read() as session:
        alive = or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now)
        return session.scalar(select(ApiToken).where(ApiToken.hash == wanted, alive))


def touch_token(db: Database, found: ApiToken, now: datetime) -> None:
    """Write down that a token was used, unless that was done within the hour."""
    if found.used_at is not None and now - found.used_at < TOUCH_AFTER:
        return
    with db.write() as session:
        session.execute(update(ApiToken).where(ApiToken.hash == found.hash).values(used_at=now))


def list_tokens(db: Database) -> tuple[TokenFacts, ...]:
    """Every token, by name."""
    with db.read() as session:
        rows = session.scalars(select(ApiToken).order_by(ApiToken.name))
        return tuple(TokenFacts(row.name, row.created_by, row.created_at, row.expires_at, row.used_at) for row in rows)


def remove_token(db: Database, name: str) -> None:
    """Revoke a token.

    Raises:
        Problem: `auth.token_not_found`.
    """
    with db.write() as session:
        gone = _count(session, delete(ApiToken).where(ApiToken.name == name))
    if not gone:
        raise Problem("auth.token_not_found", name=name)


def _counts(link: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (SignInLink.hash == link, SignInLink.used_at.is_(None), SignInLink.expires_at > now)


def _count(session: Session, statement: Any) -> int:
    result = session.execute(statement)
    assert isinstance(result, CursorResult)  # noqa: S101  (a DELETE always gives one)
    return result.rowcount

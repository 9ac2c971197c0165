"""Stores and finds links, sessions and tokens by their hashes, and records their events. Handles no secrets.

An action that may happen only once is one conditional statement, whose row count says whether it happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth import events
from app.auth.events import Actor, EventKind, Via
from app.auth.models import ApiToken, SignInLink, SignInSession
from app.auth.rules import LINK_LIFETIME, TOUCH_AFTER, Source, session_end
from app.auth.scopes import Scope
from app.auth.secret import SHORT_ID, short_id
from app.db import Database, is_sqlite
from app.errors import Problem

# Links.


@dataclass(frozen=True)
class LinkFacts:
    """An open sign-in link without its secret."""

    id: str
    person: str
    created_at: datetime
    expires_at: datetime


def add_link(db: Database, link: str, actor: Actor, now: datetime) -> int:
    """Store a new link and revoke every older one; return how many were revoked.

    Also deletes expired links and sessions.
    """
    with db.write() as session:
        if not is_sqlite(db.url):  # of two created at once, one has to see the other
            session.execute(text("LOCK TABLE sign_in_links IN SHARE ROW EXCLUSIVE MODE"))
        session.execute(delete(SignInLink).where(SignInLink.expires_at <= now))
        session.execute(delete(SignInSession).where(SignInSession.expires_at <= now))
        voided = len(_delete_links(session, SignInLink.used_at.is_(None)))
        session.add(SignInLink(hash=link, person=actor.person, created_at=now, expires_at=now + LINK_LIFETIME))
        detail = {"voided": voided} if voided else None
        events.add(session, EventKind.LINK_CREATED, actor, now, subject=short_id(link), detail=detail)
    return voided


def has_link(db: Database, link: str, now: datetime) -> bool:
    """Return whether a link is valid."""
    with db.read() as session:
        return session.scalar(select(SignInLink.hash).where(SignInLink.hash == link, *_is_open(now))) is not None


def list_links(db: Database, now: datetime) -> tuple[LinkFacts, ...]:
    """Return every valid link, newest first."""
    with db.read() as session:
        rows = session.scalars(select(SignInLink).where(*_is_open(now)).order_by(SignInLink.created_at.desc()))
        return tuple(LinkFacts(short_id(row.hash), row.person, row.created_at, row.expires_at) for row in rows)


def revoke_links(db: Database, link_id: str, actor: Actor, now: datetime) -> int:
    """Revoke the open link with this id, or every one for ""; return how many that were."""
    which = (*_is_open(now), _has_id(SignInLink.hash, link_id)) if link_id else _is_open(now)
    with db.write() as session:
        revoked = _delete_links(session, *which)
        for link in revoked:
            events.add(session, EventKind.LINK_REVOKED, actor, now, subject=short_id(link))
    return len(revoked)


# Sessions.


@dataclass(frozen=True)
class SessionFacts:
    """A signed-in browser without its secret."""

    id: str
    person: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    browser: str


def exchange(db: Database, link: str, new_session: str, source: Source, now: datetime) -> bool:
    """Use up a link and start a session instead, both or neither. Return False if it is wrong, expired or used."""
    with db.write() as session:
        use = update(SignInLink).where(SignInLink.hash == link, *_is_open(now)).values(used_at=now)
        person = session.scalar(use.returning(SignInLink.person))
        if person is None:
            return False
        session.add(
            SignInSession(
                hash=new_session,
                person=person,
                created_at=now,
                seen_at=now,
                expires_at=session_end(now, now),
                address=events.storable(source.address, 64),
                browser=events.storable(source.browser, 255),
            )
        )
        actor, detail = Actor(person, Via.LINK, source), {"link": short_id(link)}
        events.add(session, EventKind.SIGNED_IN, actor, now, subject=short_id(new_session), detail=detail)
        return True


def find_session(db: Database, hashed: str, now: datetime) -> SignInSession | None:
    """Return the valid session with this hash, or None."""
    with db.read() as session:
        return session.scalar(select(SignInSession).where(SignInSession.hash == hashed, SignInSession.expires_at > now))


def list_sessions(db: Database, now: datetime) -> tuple[SessionFacts, ...]:
    """Return every valid session, the last used first."""
    with db.read() as session:
        living = select(SignInSession).where(SignInSession.expires_at > now)
        return tuple(_session_facts(row) for row in session.scalars(living.order_by(SignInSession.seen_at.desc())))


def touch_session(db: Database, row: SignInSession, now: datetime) -> None:
    """Record that a session was used, unless that was done recently."""
    if now - row.seen_at < TOUCH_AFTER:
        return
    with db.write() as session:
        session.execute(
            update(SignInSession)
            .where(SignInSession.hash == row.hash, SignInSession.seen_at == row.seen_at)
            .values(seen_at=now, expires_at=session_end(row.created_at, now))
        )


def sign_out(db: Database, hashed: str, source: Source, now: datetime) -> bool:
    """End the session with this hash on its own browser's request. Return False if there is none."""
    with db.write() as session:
        ended = _delete_sessions(session, SignInSession.hash == hashed)
        for whose in ended.values():
            actor = Actor(whose, Via.SESSION, source)
            events.add(session, EventKind.SIGNED_OUT, actor, now, subject=short_id(hashed))
    return bool(ended)


def end_session(db: Database, session_id: str, actor: Actor, now: datetime) -> tuple[str, ...]:
    """End the session with this id on an authorized person's request; return the hashes of ended ones, if any."""
    with db.write() as session:
        ended = _delete_sessions(session, _has_id(SignInSession.hash, session_id))
        for whose in ended.values():
            events.add(session, EventKind.SESSION_ENDED, actor, now, subject=session_id, detail={"person": whose})
    return tuple(ended)


def end_sessions(db: Database, person: str, actor: Actor, now: datetime) -> tuple[str, ...]:
    """End every session of a person, or all for ""; return the hashes of ended ones."""
    kind = EventKind.SIGNED_OUT_EVERYWHERE if person else EventKind.ALL_SESSIONS_ENDED
    which = (SignInSession.person == person,) if person else ()
    with db.write() as session:
        ended = _delete_sessions(session, *which)
        events.add(session, kind, actor, now, subject=person, detail={"sessions": len(ended)})
    return tuple(ended)


# Tokens.


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


def _is_open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (SignInLink.used_at.is_(None), SignInLink.expires_at > now)


def _has_id(hashed: Any, short: str) -> ColumnElement[bool]:
    return func.substr(hashed, 1, SHORT_ID) == short


def _delete_links(session: Session, *which: ColumnElement[bool]) -> tuple[str, ...]:
    return tuple(session.scalars(delete(SignInLink).where(*which).returning(SignInLink.hash)))


def _delete_sessions(session: Session, *which: ColumnElement[bool]) -> Mapping[str, str]:
    """Delete sessions; return their people by their hashes."""
    gone = session.execute(delete(SignInSession).where(*which).returning(SignInSession.hash, SignInSession.person))
    return {row.hash: row.person for row in gone}


def _delete_token(session: Session, name: str) -> str:
    hashed: str | None = session.scalar(delete(ApiToken).where(ApiToken.name == name).returning(ApiToken.hash))
    if hashed is None:
        raise Problem("auth.token_not_found", name=name)
    return hashed


def _session_facts(row: SignInSession) -> SessionFacts:
    return SessionFacts(
        short_id(row.hash), row.person, row.created_at, row.seen_at, row.expires_at, row.address, row.browser
    )


def _token_facts(row: ApiToken) -> TokenFacts:
    return TokenFacts(row.name, row.created_by, row.created_at, row.expires_at, row.used_at, Scope(row.scope))


def _token_detail(facts: TokenFacts) -> dict[str, str]:
    expires = facts.expires_at.isoformat() if facts.expires_at else "never"
    return {"scope": facts.scope, "expires": expires}

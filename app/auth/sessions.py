"""Starts, finds and ends the sessions of signed-in browsers by their hashes, and records their events.

An action that may happen only once is one conditional statement, whose row count says whether it happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from app.auth import events
from app.auth.events import Actor, EventKind, Via
from app.auth.models import SignInLink, SignInSession, has_short_id
from app.auth.rules import TOUCH_AFTER, Source, session_end
from app.auth.secret import short_id
from app.auth.sign_in_links import is_open
from app.db import Database


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
        use = update(SignInLink).where(SignInLink.hash == link, *is_open(now)).values(used_at=now)
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
        ended = _delete_sessions(session, has_short_id(SignInSession.hash, session_id))
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


def _delete_sessions(session: Session, *which: ColumnElement[bool]) -> Mapping[str, str]:
    """Delete sessions; return their people by their hashes."""
    gone = session.execute(delete(SignInSession).where(*which).returning(SignInSession.hash, SignInSession.person))
    return {row.hash: row.person for row in gone}


def _session_facts(row: SignInSession) -> SessionFacts:
    return SessionFacts(
        short_id(row.hash), row.person, row.created_at, row.seen_at, row.expires_at, row.address, row.browser
    )

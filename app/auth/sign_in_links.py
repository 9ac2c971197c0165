"""Stores and finds sign-in links by their hashes, and records their events. Handles no secrets.

An action that may happen only once is one conditional statement, whose row count says whether it happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, text
from sqlalchemy.orm import Session

from app.auth import events
from app.auth.events import Actor, EventKind
from app.auth.models import SignInLink, SignInSession, has_short_id
from app.auth.rules import LINK_LIFETIME
from app.auth.secret import short_id
from app.db import Database, is_sqlite


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
        return session.scalar(select(SignInLink.hash).where(SignInLink.hash == link, *is_open(now))) is not None


def list_links(db: Database, now: datetime) -> tuple[LinkFacts, ...]:
    """Return every valid link, newest first."""
    with db.read() as session:
        rows = session.scalars(select(SignInLink).where(*is_open(now)).order_by(SignInLink.created_at.desc()))
        return tuple(LinkFacts(short_id(row.hash), row.person, row.created_at, row.expires_at) for row in rows)


def revoke_links(db: Database, link_id: str, actor: Actor, now: datetime) -> int:
    """Revoke the open link with this id, or every one for ""; return how many that were."""
    which = (*is_open(now), has_short_id(SignInLink.hash, link_id)) if link_id else is_open(now)
    with db.write() as session:
        revoked = _delete_links(session, *which)
        for link in revoked:
            events.add(session, EventKind.LINK_REVOKED, actor, now, subject=short_id(link))
    return len(revoked)


def is_open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a link that can still be used."""
    return (SignInLink.used_at.is_(None), SignInLink.expires_at > now)


def _delete_links(session: Session, *which: ColumnElement[bool]) -> tuple[str, ...]:
    return tuple(session.scalars(delete(SignInLink).where(*which).returning(SignInLink.hash)))

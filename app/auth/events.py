"""The record of sign-in events: who signed in how and from where, what was refused, created and revoked.

Rows are written in the transaction that they record, and hold no secret: sessions and links are named by their ids.
Refusals are written by `app.auth.refusals`, which bounds them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.auth.models import SignInEvent
from app.auth.rules import NOWHERE, By, Source
from app.db import Database

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
PAGE = 50
BATCH = 500
MOST_REFUSALS = 10_000
"""How many rows of refusals are kept, so that refused requests can't fill the database."""


class EventKind(StrEnum):
    """What happened. Stored: the names are permanent."""

    SIGNED_IN = "signed_in"
    LINK_REFUSED = "link_refused"
    TOKEN_REFUSED = "token_refused"  # noqa: S105  (a kind, not a secret)
    SCOPE_REFUSED = "scope_refused"
    SIGNED_OUT = "signed_out"
    SESSION_ENDED = "session_ended"
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    ALL_SESSIONS_ENDED = "all_sessions_ended"
    LINK_CREATED = "link_created"
    LINK_REVOKED = "link_revoked"
    TOKEN_CREATED = "token_created"  # noqa: S105
    TOKEN_REVOKED = "token_revoked"  # noqa: S105
    RESTORED = "restored"


REFUSALS = (EventKind.LINK_REFUSED, EventKind.TOKEN_REFUSED, EventKind.SCOPE_REFUSED)


class Via(StrEnum):
    """How the person was authenticated. Stored."""

    LINK = "link"
    SESSION = "session"
    TOKEN = "token"  # noqa: S105
    TERMINAL = "terminal"
    """A command run on the server's machine."""
    SERVER = "server"
    """The server itself, at its start."""
    OPEN = "open"
    """Without sign-in: SAILPASS_AUTH=none."""


VIA_OF = {By.SESSION: Via.SESSION, By.TOKEN: Via.TOKEN, By.TERMINAL: Via.TERMINAL, By.NOTHING: Via.OPEN}


@dataclass(frozen=True)
class Actor:
    """Who acts on sign-ins, how they were authenticated, and from where."""

    person: str
    via: Via
    source: Source = NOWHERE


@dataclass(frozen=True)
class Event:
    """One entry of the record, as `SignInEvent` describes its columns."""

    id: int
    at: datetime
    kind: str
    person: str
    via: str
    address: str
    browser: str
    subject: str = ""
    count: int = 1
    last_at: datetime | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class EventPage:
    """Some events, newest first. `older` and `newer` are the ids to continue from, 0 if there are no more."""

    events: tuple[Event, ...]
    older: int = 0
    newer: int = 0


def add(
    session: Session,
    kind: EventKind,
    actor: Actor,
    now: datetime,
    *,
    subject: str = "",
    detail: Mapping[str, Any] | None = None,
) -> int:
    """Write one event in the caller's transaction and return its id."""
    row = SignInEvent(
        at=now,
        kind=kind,
        person=storable(actor.person, 255),
        via=actor.via,
        address=storable(actor.source.address, 64),
        browser=storable(actor.source.browser, 255),
        subject=storable(subject, 255),
        count=1,
        detail=dict(detail) if detail else None,
    )
    session.add(row)
    session.flush()
    return row.id


def storable(text: str, longest: int) -> str:
    """Return a foreign text as a column takes it: cut, and without control characters, which PostgreSQL refuses."""
    return CONTROL.sub("\N{REPLACEMENT CHARACTER}", text[:longest])


def record_restored(session: Session, person: str, subject: str, now: datetime) -> None:
    """Record that `person` restored a backup in a terminal; `subject` names what was restored, such as its file."""
    add(session, EventKind.RESTORED, Actor(person, Via.TERMINAL), now, subject=subject)


def last_restored_at(db: Database) -> datetime | None:
    """Return when a backup was restored last; None if never, as far as is kept."""
    with db.read() as session:
        return session.scalar(select(func.max(SignInEvent.at)).where(SignInEvent.kind == EventKind.RESTORED))


def count_on(db: Database, event_id: int, count: int, now: datetime) -> None:
    """Set how often a recorded refusal has happened by now."""
    with db.write() as session:
        session.execute(update(SignInEvent).where(SignInEvent.id == event_id).values(count=count, last_at=now))


def list_events(db: Database, *, older_than: int = 0, newer_than: int = 0, limit: int = PAGE) -> EventPage:
    """Return one page: the newest events, or those next to an id."""
    with db.read() as session:
        if newer_than:
            rows = _rows(session, limit + 1, newer_than=newer_than)
            page = rows[:limit][::-1]
            return _page(page, older=bool(page), newer=len(rows) > limit)
        rows = _rows(session, limit + 1, older_than=older_than)
        page = rows[:limit]
        newer = bool(older_than and page) and bool(_rows(session, 1, newer_than=page[0].id))
        return _page(page, older=len(rows) > limit, newer=newer)


def each_event(db: Database, *, batch: int = BATCH) -> Iterator[Event]:
    """Yield all events, newest first, one batch in memory at a time, without a transaction open in between."""
    last = 0
    while True:
        with db.read() as session:
            rows = _rows(session, batch, older_than=last)
        yield from (_event(row) for row in rows)
        if len(rows) < batch:
            return
        last = rows[-1].id


def forget(db: Database, before: datetime | None, *, most_refusals: int = MOST_REFUSALS) -> int:
    """Delete events before a time (None keeps all) and the oldest refusals beyond `most_refusals`; return how many."""
    refused = SignInEvent.kind.in_(REFUSALS)
    with db.write() as session:
        deleted = 0
        if before is not None:
            deleted += _count(session, delete(SignInEvent).where(SignInEvent.at < before))
        beyond = select(SignInEvent.id).where(refused).order_by(SignInEvent.id.desc()).offset(most_refusals).limit(1)
        last = session.scalar(beyond)
        if last is not None:
            deleted += _count(session, delete(SignInEvent).where(refused, SignInEvent.id <= last))
    return deleted


def _rows(session: Session, limit: int, *, older_than: int = 0, newer_than: int = 0) -> Sequence[SignInEvent]:
    """Return rows newest first, or oldest first after `newer_than`."""
    statement = select(SignInEvent).limit(limit)
    if newer_than:
        statement = statement.where(SignInEvent.id > newer_than).order_by(SignInEvent.id)
    elif older_than:
        statement = statement.where(SignInEvent.id < older_than).order_by(SignInEvent.id.desc())
    else:
        statement = statement.order_by(SignInEvent.id.desc())
    return session.scalars(statement).all()


def _page(rows: Sequence[SignInEvent], *, older: bool, newer: bool) -> EventPage:
    if not rows:
        return EventPage(())
    events = tuple(_event(row) for row in rows)
    return EventPage(events, rows[-1].id if older else 0, rows[0].id if newer else 0)


def _event(row: SignInEvent) -> Event:
    return Event(
        row.id,
        row.at,
        row.kind,
        row.person,
        row.via,
        row.address,
        row.browser,
        row.subject,
        row.count,
        row.last_at,
        row.detail or {},
    )


def _count(session: Session, statement: Any) -> int:
    return int(session.execute(statement).rowcount)  # type: ignore[attr-defined]

"""Fills the page of sign-ins and its dialogs."""

from __future__ import annotations

from datetime import datetime

from app.auth import events, store
from app.auth.browsers import browser_name
from app.auth.events import Event, EventKind, Via
from app.auth.rules import Caller
from app.auth.scopes import Scope
from app.auth.store import SessionFacts, TokenFacts
from app.bootstrap import Services
from app.errors import Problem
from app.web import links
from app.web.pages_sign_ins import EventRow, LinkRow, SessionRow, SignInsPage, TokenRow
from app.wording import N_, Said

WORDS: dict[str, tuple[str, str]] = {
    EventKind.SIGNED_IN: (N_("Signed in"), "success"),
    EventKind.LINK_REFUSED: (N_("Sign-in link refused"), "error"),
    EventKind.TOKEN_REFUSED: (N_("Token refused"), "error"),
    EventKind.SCOPE_REFUSED: (N_("Refused: outside the token's scope"), "error"),
    EventKind.SIGNED_OUT: (N_("Signed out"), "off"),
    EventKind.SESSION_ENDED: (N_("Session ended"), "warning"),
    EventKind.SIGNED_OUT_EVERYWHERE: (N_("Signed out everywhere"), "warning"),
    EventKind.ALL_SESSIONS_ENDED: (N_("All sessions ended"), "warning"),
    EventKind.LINK_CREATED: (N_("Sign-in link created"), "info"),
    EventKind.LINK_REVOKED: (N_("Sign-in link revoked"), "warning"),
    EventKind.TOKEN_CREATED: (N_("Token created"), "info"),
    EventKind.TOKEN_REVOKED: (N_("Token revoked"), "warning"),
    EventKind.RESTORED: (N_("Backup restored"), "warning"),
}
VIAS: dict[str, str] = {
    Via.LINK: N_("Sign-in link"),
    Via.SESSION: N_("Browser session"),
    Via.TOKEN: N_("Token"),
    Via.TERMINAL: N_("Terminal"),
    Via.SERVER: N_("Server start"),
    Via.OPEN: N_("Without sign-in"),
}
SCOPES = {
    Scope.METRICS: N_("Metrics"),
    Scope.READ: N_("Read"),
    Scope.CHANGE: N_("Change"),
}
NEVER = "never"
EXPIRY = N_("Scope: %(scope)s. Expires on %(day)s.")
NO_EXPIRY = N_("Scope: %(scope)s. Doesn't expire.")
# By what the detail of an event holds.
DETAILS = {
    "voided": N_("Older links voided: %(voided)s"),
    "sessions": N_("Sessions ended: %(sessions)s"),
    "person": N_("Session of %(person)s"),
    "link": N_("Sign-in link %(link)s"),
}


def sign_ins_page(
    services: Services, caller: Caller, now: datetime, *, older_than: int = 0, newer_than: int = 0
) -> SignInsPage:
    """Who is signed in, and what happened; the events begin beside an id."""
    page = events.list_events(services.db, older_than=older_than, newer_than=newer_than)
    return SignInsPage(
        sessions=tuple(_session(facts, caller) for facts in store.list_sessions(services.db, now)),
        links=tuple(
            LinkRow(link.id, link.person, link.created_at, link.expires_at)
            for link in store.list_links(services.db, now)
        ),
        tokens=tuple(_token(facts, now) for facts in store.list_tokens(services.db)),
        events=tuple(event_row(event) for event in page.events),
        older=links.sign_ins(older=page.older) if page.older else "",
        newer=links.sign_ins(newer=page.newer) if page.newer else "",
    )


def find_session(services: Services, session_id: str, caller: Caller, now: datetime) -> SessionRow:
    """The session with this id. Raises Problem `auth.session_not_found`."""
    for facts in store.list_sessions(services.db, now):
        if facts.id == session_id:
            return _session(facts, caller)
    raise Problem("auth.session_not_found", id=session_id[:12])


def find_link(services: Services, link_id: str, now: datetime) -> LinkRow:
    """The open link with this id. Raises Problem `auth.link_not_found`."""
    for link in store.list_links(services.db, now):
        if link.id == link_id:
            return LinkRow(link.id, link.person, link.created_at, link.expires_at)
    raise Problem("auth.link_not_found", id=link_id[:12])


def event_row(event: Event) -> EventRow:
    """An event in words; one of a later release stays visible as it is stored."""
    what, tone = WORDS.get(event.kind, (event.kind, "info"))
    via = VIAS.get(event.via, event.via)
    return EventRow(
        what=Said(what),
        tone=tone,
        at=event.at,
        person=event.person,
        via=Said(via),
        address=event.address,
        browser=browser_name(event.browser),
        subject=event.subject,
        detail=_detail(event),
        times=event.count,
        last_at=event.last_at,
    )


def _detail(event: Event) -> Said | None:
    detail = {name: str(value) for name, value in event.detail.items()}
    if "expires" in detail:
        detail = {"scope": "", **detail, "day": detail["expires"][:10]}
        return Said(NO_EXPIRY if detail["expires"] == NEVER else EXPIRY, detail)
    return next((Said(words, detail) for name, words in DETAILS.items() if name in detail), None)


def _session(facts: SessionFacts, caller: Caller) -> SessionRow:
    return SessionRow(
        facts.id,
        facts.person,
        facts.created_at,
        facts.seen_at,
        facts.address,
        browser_name(facts.browser),
        is_this=facts.id == caller.session,
    )


def _token(facts: TokenFacts, now: datetime) -> TokenRow:
    return TokenRow(
        facts.name,
        Said(SCOPES[facts.scope]),
        facts.created_by,
        facts.created_at,
        facts.expires_at,
        facts.used_at,
        has_expired=facts.has_expired(now),
    )

"""The page of sign-ins and its dialogs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.auth import events, sessions, sign_in_links, tokens
from app.auth.browsers import browser_name
from app.auth.events import Event, EventKind, Via
from app.auth.rules import Caller
from app.auth.scopes import Scope
from app.auth.sessions import SessionFacts
from app.auth.sign_in_links import LinkFacts
from app.auth.tokens import TokenFacts
from app.bootstrap import Services
from app.errors import Problem
from app.web import links
from app.web.views.base import View
from app.web.views.dialogs import ConfirmDialog
from app.wording import N_, Message


@dataclass(frozen=True)
class SessionRow:
    """A signed-in browser. `is_this`: the one that shows the page. `address` and `browser` are "" while unknown."""

    id: str
    person: str
    created_at: datetime
    seen_at: datetime
    address: str
    browser: str
    is_this: bool = False


@dataclass(frozen=True)
class TokenRow:
    """A token; `expires_at` None: it doesn't expire, `used_at` None: it hasn't been used."""

    name: str
    scope: Message
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    has_expired: bool = False


@dataclass(frozen=True)
class EventRow:
    """A sign-in event. `times` is how often, at least, and `last_at` when last, if it repeated."""

    what: Message
    tone: str
    at: datetime
    person: str
    via: Message
    address: str
    browser: str
    subject: str = ""
    detail: Message | None = None
    times: int = 1
    last_at: datetime | None = None


@dataclass(frozen=True)
class SignInsPage(View):
    """GET /sign-ins. `older` and `newer` are URLs of more events, "" if there are none."""

    page: ClassVar[str] = "pages/sign_ins.html"

    sessions: tuple[SessionRow, ...]
    links: tuple[LinkFacts, ...]
    tokens: tuple[TokenRow, ...]
    events: tuple[EventRow, ...]
    older: str = ""
    newer: str = ""

    @property
    def has_session(self) -> bool:
        """Whether the reader is signed in with a session that is listed here."""
        return any(session.is_this for session in self.sessions)


def end_session_dialog(session: SessionRow) -> ConfirmDialog:
    """GET /sign-ins/sessions/end?id=…."""
    details = ", ".join(part for part in (session.browser, session.address, session.id) if part)
    return ConfirmDialog(
        heading=Message(N_("End this session?")),
        lead=Message(
            N_("%(person)s must sign in again in that browser (%(session)s)."),
            {"person": session.person, "session": details},
        ),
        action=links.END_SESSION,
        button=Message(N_("End session")),
        back=links.SIGN_INS,
        fields=(("id", session.id),),
        danger=True,
    )


def sign_out_everywhere_dialog(person: str) -> ConfirmDialog:
    """GET /sign-ins/sessions/end-all."""
    return ConfirmDialog(
        heading=Message(N_("Sign out everywhere?")),
        lead=Message(N_("This ends every session of %(person)s, including this one."), {"person": person}),
        action=links.SIGN_OUT_EVERYWHERE,
        button=Message(N_("Sign out everywhere")),
        back=links.SIGN_INS,
        warning=Message(N_("To sign in again, you need a new sign-in link. Tokens aren't affected.")),
        danger=True,
    )


def revoke_link_dialog(link: LinkFacts) -> ConfirmDialog:
    """GET /sign-ins/links/revoke?id=…."""
    return ConfirmDialog(
        heading=Message(N_("Revoke this sign-in link?")),
        lead=Message(N_("The link %(id)s no longer works."), {"id": link.id}),
        action=links.REVOKE_LINK,
        button=Message(N_("Revoke link")),
        back=links.SIGN_INS,
        fields=(("id", link.id),),
        danger=True,
    )


def revoke_token_dialog(name: str) -> ConfirmDialog:
    """GET /sign-ins/tokens/revoke?name=…."""
    return ConfirmDialog(
        heading=Message(N_("Revoke this token?")),
        lead=Message(N_("Programs that use the token %(name)s are refused within seconds."), {"name": name}),
        action=links.REVOKE_TOKEN,
        button=Message(N_("Revoke token")),
        back=links.SIGN_INS,
        fields=(("name", name),),
        warning=Message(N_("A revoked token can't be brought back; create a new one instead.")),
        danger=True,
    )


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
    """Return the page of sessions and events; the events start beside an id."""
    page = events.list_events(services.db, older_than=older_than, newer_than=newer_than)
    return SignInsPage(
        sessions=tuple(_session(facts, caller) for facts in sessions.list_sessions(services.db, now)),
        links=tuple(sign_in_links.list_links(services.db, now)),
        tokens=tuple(_token(facts, now) for facts in tokens.list_tokens(services.db)),
        events=tuple(event_row(event) for event in page.events),
        older=links.sign_ins(older=page.older) if page.older else "",
        newer=links.sign_ins(newer=page.newer) if page.newer else "",
    )


def find_session(services: Services, session_id: str, caller: Caller, now: datetime) -> SessionRow:
    """Return the session with this id. Raises Problem `auth.session_not_found`."""
    for facts in sessions.list_sessions(services.db, now):
        if facts.id == session_id:
            return _session(facts, caller)
    raise Problem("auth.session_not_found", id=session_id[:12])


def find_link(services: Services, link_id: str, now: datetime) -> LinkFacts:
    """Return the open link with this id. Raises Problem `auth.link_not_found`."""
    for link in sign_in_links.list_links(services.db, now):
        if link.id == link_id:
            return link
    raise Problem("auth.link_not_found", id=link_id[:12])


def event_row(event: Event) -> EventRow:
    """Return an event as sentences; one of a later release is shown as stored."""
    what, tone = WORDS.get(event.kind, (event.kind, "info"))
    via = VIAS.get(event.via, event.via)
    return EventRow(
        what=Message(what),
        tone=tone,
        at=event.at,
        person=event.person,
        via=Message(via),
        address=event.address,
        browser=browser_name(event.browser),
        subject=event.subject,
        detail=_detail(event),
        times=event.count,
        last_at=event.last_at,
    )


def _detail(event: Event) -> Message | None:
    detail = {name: str(value) for name, value in event.detail.items()}
    if "expires" in detail:
        detail = {"scope": "", **detail, "day": detail["expires"][:10]}
        return Message(NO_EXPIRY if detail["expires"] == NEVER else EXPIRY, detail)
    return next((Message(words, detail) for name, words in DETAILS.items() if name in detail), None)


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
        Message(SCOPES[facts.scope]),
        facts.created_by,
        facts.created_at,
        facts.expires_at,
        facts.used_at,
        has_expired=facts.has_expired(now),
    )

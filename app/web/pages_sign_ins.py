"""Who is signed in, with which tokens programs come, what happened to sign-ins, and the dialogs that end them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.web import links
from app.web.pages import View
from app.web.pages_dialogs import ConfirmDialog
from app.wording import N_, Said


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
    scope: Said
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    has_expired: bool = False


@dataclass(frozen=True)
class LinkRow:
    """A sign-in link that counts."""

    id: str
    person: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class EventRow:
    """Something that happened. `times` is how often, at least, and `last_at` when last, where it repeated."""

    what: Said
    tone: str
    at: datetime
    person: str
    via: Said
    address: str
    browser: str
    subject: str = ""
    detail: Said | None = None
    times: int = 1
    last_at: datetime | None = None


@dataclass(frozen=True)
class SignInsPage(View):
    """GET /sign-ins. `older` and `newer` are addresses of more events, "" where there are none."""

    page: ClassVar[str] = "pages/sign_ins.html"

    sessions: tuple[SessionRow, ...]
    links: tuple[LinkRow, ...]
    tokens: tuple[TokenRow, ...]
    events: tuple[EventRow, ...]
    older: str = ""
    newer: str = ""

    @property
    def has_session(self) -> bool:
        """The reader is signed in with a session that they can see here."""
        return any(session.is_this for session in self.sessions)


def end_session_dialog(session: SessionRow) -> ConfirmDialog:
    """GET /sign-ins/sessions/end?id=…."""
    known = ", ".join(part for part in (session.browser, session.address, session.id) if part)
    return ConfirmDialog(
        heading=Said(N_("End this session?")),
        lead=Said(
            N_("%(person)s must sign in again in that browser (%(session)s)."),
            {"person": session.person, "session": known},
        ),
        action=links.END_SESSION,
        button=Said(N_("End session")),
        back=links.SIGN_INS,
        fields=(("id", session.id),),
        danger=True,
    )


def sign_out_everywhere_dialog(person: str) -> ConfirmDialog:
    """GET /sign-ins/sessions/end-all."""
    return ConfirmDialog(
        heading=Said(N_("Sign out everywhere?")),
        lead=Said(N_("This ends every session of %(person)s, including this one."), {"person": person}),
        action=links.SIGN_OUT_EVERYWHERE,
        button=Said(N_("Sign out everywhere")),
        back=links.SIGN_INS,
        warning=Said(N_("To sign in again, you need a new sign-in link. Tokens aren't affected.")),
        danger=True,
    )


def revoke_link_dialog(link: LinkRow) -> ConfirmDialog:
    """GET /sign-ins/links/revoke?id=…."""
    return ConfirmDialog(
        heading=Said(N_("Revoke this sign-in link?")),
        lead=Said(N_("Nobody can sign in with the link %(id)s anymore."), {"id": link.id}),
        action=links.REVOKE_LINK,
        button=Said(N_("Revoke link")),
        back=links.SIGN_INS,
        fields=(("id", link.id),),
        danger=True,
    )


def revoke_token_dialog(name: str) -> ConfirmDialog:
    """GET /sign-ins/tokens/revoke?name=…."""
    return ConfirmDialog(
        heading=Said(N_("Revoke this token?")),
        lead=Said(N_("Programs that use the token %(name)s are refused within seconds."), {"name": name}),
        action=links.REVOKE_TOKEN,
        button=Said(N_("Revoke token")),
        back=links.SIGN_INS,
        fields=(("name", name),),
        warning=Said(N_("A revoked token can't be brought back; create a new one instead.")),
        danger=True,
    )

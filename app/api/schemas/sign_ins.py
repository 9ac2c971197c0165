"""Schemas of sessions and of the record of sign-ins."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from app.auth.events import Event
from app.auth.sessions import SessionFacts


class Session(BaseModel):
    """A signed-in browser, without its secret."""

    id: str
    person: str
    created_at: datetime
    seen_at: datetime = Field(description="When it was last used, to within five minutes.")
    expires_at: datetime
    address: str = Field(description="The address that it was begun from; empty where that isn't known.")
    browser: str = Field(description="The User-Agent header that it was begun with.")
    is_this: bool = Field(description="It is the session of this request.")

    @classmethod
    def of(cls, facts: SessionFacts, own: str) -> Session:
        return cls(
            id=facts.id,
            person=facts.person,
            created_at=facts.created_at,
            seen_at=facts.seen_at,
            expires_at=facts.expires_at,
            address=facts.address,
            browser=facts.browser,
            is_this=facts.id == own,
        )


class SessionList(BaseModel):
    """Every valid session, the last used first."""

    sessions: list[Session]


class EndedSession(BaseModel):
    """The session that was ended."""

    id: str


class SignInEvent(BaseModel):
    """A sign-in event."""

    id: int
    at: datetime
    last_at: datetime | None = Field(description="When it happened last, where it happened more than once.")
    count: int = Field(description="How often it happened, at least.")
    kind: str = Field(description="A stable name.", examples=["signed_in", "link_refused", "token_created"])
    person: str = Field(description="Who did it, as history names them; empty where that isn't known.")
    via: str = Field(description="How they came: link, session, token, terminal, server or open.")
    address: str
    browser: str
    subject: str = Field(description="The session, link or token that it was done to, or the request refused.")
    detail: dict[str, str | int]

    @classmethod
    def of(cls, event: Event) -> SignInEvent:
        return cls(
            id=event.id,
            at=event.at,
            last_at=event.last_at,
            count=event.count,
            kind=event.kind,
            person=event.person,
            via=event.via,
            address=event.address,
            browser=event.browser,
            subject=event.subject,
            detail=dict(event.detail),
        )


class SignInEventList(BaseModel):
    """One page of events, newest first."""

    events: list[SignInEvent]
    next: int | None = Field(description="The `before` of the next page; null on the last one.")

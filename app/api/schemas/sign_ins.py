"""Schemas of sessions and of the record of sign-ins."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.schemas.answer import Answer


class Session(Answer):
    """A signed-in browser, without its secret."""

    id: str
    person: str
    created_at: datetime
    seen_at: datetime = Field(description="When it was last used, to within five minutes.")
    expires_at: datetime
    address: str = Field(description="The address that it was begun from; empty where that isn't known.")
    browser: str = Field(description="The User-Agent header that it was begun with.")
    is_this: bool = Field(description="It is the session of this request.")


class SessionList(Answer):
    """Every valid session, the last used first."""

    sessions: list[Session]


class EndedSession(Answer):
    """The session that was ended."""

    id: str


class SignInEvent(Answer):
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


class SignInEventList(Answer):
    """One page of events, newest first."""

    events: list[SignInEvent]
    next: int | None = Field(description="The `before` of the next page; null on the last one.")

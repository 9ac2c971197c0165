"""Authenticates requests: by a session, by a token, or by a link that becomes a session. Knows no page.

Results are cached for a few seconds, so that a page's many requests cost one lookup. A session ended or a token
revoked on another replica is refused here at most that much later.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import anyio
import anyio.to_thread
from starlette.requests import HTTPConnection

from app.auth import rules, sessions, sign_in_links, tokens
from app.auth.events import VIA_OF, Actor, EventKind, Via
from app.auth.names import token_caller
from app.auth.rate_limit import FailedTries
from app.auth.refusals import Refusals
from app.auth.rules import By, Caller, Shown, Source
from app.auth.scopes import Scope
from app.auth.secret import fingerprint, is_plausible, new_secret, short_id
from app.clock import Clock
from app.db import Database

KEPT_SECONDS = 5.0
KEPT = 1000
# A pool of its own, so that authentication doesn't wait for pages.
LOOKUP_THREADS = 4
LOCAL = Caller("local", By.NOTHING)


@dataclass(frozen=True)
class _Kept:
    caller: Caller
    until: float


class Authenticator:
    """Authenticates the requests of one replica. `auth` is the setting; with "none" every caller is “local”."""

    def __init__(self, db: Database, clock: Clock, auth: Literal["local", "none"]) -> None:
        self._failures = FailedTries()
        self._db = db
        self._clock = clock
        self._open = auth == "none"
        self._refusals = Refusals(db, clock)
        self._kept: dict[str, _Kept] = {}
        self._ended = 0
        self._lock = threading.Lock()
        self._threads = anyio.CapacityLimiter(LOOKUP_THREADS)

    async def caller(self, request: HTTPConnection) -> Caller | None:
        """Return who sends the request; None for an unknown caller. Never blocks the loop."""
        if self._open:
            return LOCAL
        shown = shown_by(request)
        if shown is None or not is_plausible(shown.secret):
            return None
        kept = self._remembered(shown)
        if kept is not None:
            return kept
        return await anyio.to_thread.run_sync(self.find, shown, source_of(request), limiter=self._threads)

    def find(self, shown: Shown | None, source: Source = rules.NOWHERE) -> Caller | None:
        """Return the caller with this session or token; record a token that isn't valid. Blocks on the database."""
        if self._open:
            return LOCAL
        if shown is None or not is_plausible(shown.secret):
            return None
        hashed, ended = fingerprint(shown.secret), self._ended
        caller = self._session(hashed) if shown.by is By.SESSION else self._token(hashed)
        if caller is None:
            if shown.by is By.TOKEN:
                self._refusals.note(EventKind.TOKEN_REFUSED, Actor("", Via.TOKEN, source))
            return None
        self._keep(hashed, caller, ended)
        return caller

    async def refuse_scope(self, caller: Caller, request: HTTPConnection) -> None:
        """Record that a token's scope doesn't include its request. Never blocks the loop."""
        actor = Actor(caller.person, Via.TOKEN, source_of(request))
        refused = f"{request.scope['method']} {request.scope['path']}"
        note = self._refusals.note
        await anyio.to_thread.run_sync(note, EventKind.SCOPE_REFUSED, actor, refused, limiter=self._threads)

    def wait(self, address: str) -> int:
        """Return how many seconds an address with too many wrong links should wait; 0 when it is within the limit."""
        return self._failures.wait(address, self._clock.monotonic())

    def knows_link(self, link: str, source: Source) -> bool:
        """Return whether a link would sign its bearer in; this doesn't use it up. Blocks on the database.

        A wrong link costs one lookup by its hash and is counted; the right one works whatever was counted before.
        """
        if is_plausible(link) and sign_in_links.has_link(self._db, fingerprint(link), self._clock.now()):
            return True
        self._link_refused(link, source)
        return False

    def sign_in(self, link: str, source: Source) -> str | None:
        """Return the secret of a new session in exchange for a link; None if it isn't valid. Blocks on the database."""
        if not self.knows_link(link, source):
            return None
        secret = new_secret()
        if sessions.exchange(self._db, fingerprint(link), fingerprint(secret), source, self._clock.now()):
            return secret
        self._link_refused(link, source)  # used by another browser just now
        return None

    def sign_out(self, shown: Shown, source: Source) -> None:
        """End this session. Blocks on the database; without a session it writes nothing."""
        if shown.by is not By.SESSION or not is_plausible(shown.secret):
            return
        hashed, now = fingerprint(shown.secret), self._clock.now()
        if sessions.find_session(self._db, hashed, now) is not None:
            sessions.sign_out(self._db, hashed, source, now)
        self._drop([hashed])

    def end_session(self, session_id: str, caller: Caller, source: Source) -> bool:
        """End the session with this id; return False if there is none. Blocks on the database."""
        ended = sessions.end_session(self._db, session_id, _actor(caller, source), self._clock.now())
        self._drop(ended)
        return bool(ended)

    def sign_out_everywhere(self, caller: Caller, source: Source) -> int:
        """End every session of the caller's person and return how many. Blocks on the database."""
        ended = sessions.end_sessions(self._db, caller.person, _actor(caller, source), self._clock.now())
        self._drop(ended)
        return len(ended)

    def revoke_link(self, link_id: str, caller: Caller, source: Source) -> bool:
        """Revoke an open link; return False if there is none. Blocks on the database."""
        return sign_in_links.revoke_links(self._db, link_id, _actor(caller, source), self._clock.now()) > 0

    def revoke_token(self, name: str, caller: Caller, source: Source) -> None:
        """Revoke a token. Blocks on the database. Raises Problem `auth.token_not_found`."""
        self._drop([tokens.revoke_token(self._db, name, _actor(caller, source), self._clock.now())])

    def _link_refused(self, link: str, source: Source) -> None:
        self._failures.failed(source.address, self._clock.monotonic())
        if is_plausible(link):
            self._refusals.note(EventKind.LINK_REFUSED, Actor("", Via.LINK, source))

    def _remembered(self, shown: Shown) -> Caller | None:
        kept = self._kept.get(fingerprint(shown.secret))
        if kept is None or kept.caller.by is not shown.by or self._clock.monotonic() >= kept.until:
            return None
        return kept.caller

    def _keep(self, hashed: str, caller: Caller, ended: int) -> None:
        """Remember a caller, unless something was ended since the lookup began: it may be what was looked up."""
        with self._lock:
            if self._ended != ended:
                return
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[hashed] = _Kept(caller, self._clock.monotonic() + KEPT_SECONDS)

    def _drop(self, hashes: Iterable[str]) -> None:
        """Forget callers whose session or token has been ended in the database."""
        with self._lock:
            self._ended += 1
            for hashed in hashes:
                self._kept.pop(hashed, None)

    def _session(self, hashed: str) -> Caller | None:
        now = self._clock.now()
        row = sessions.find_session(self._db, hashed, now)
        if row is None:
            return None
        sessions.touch_session(self._db, row, now)
        return Caller(row.person, By.SESSION, session=short_id(hashed))

    def _token(self, hashed: str) -> Caller | None:
        now = self._clock.now()
        row = tokens.find_token(self._db, hashed, now)
        if row is None:
            return None
        tokens.touch_token(self._db, row, now)
        return Caller(token_caller(row.name, row.created_by), By.TOKEN, scope=Scope(row.scope))


def shown_by(request: HTTPConnection) -> Shown | None:
    """Return a request's credential. uvicorn takes the scheme from a proxy's header only if it trusts the proxy."""
    return rules.shown(request.url.path, request.headers.get("authorization", ""), request.cookies, cookie_of(request))


def cookie_of(request: HTTPConnection) -> str:
    """Return the name of the session cookie at the address that the browser used."""
    return rules.cookie_name(request.headers.get("host", ""), secure=request.url.scheme == "https")


def source_of(request: HTTPConnection) -> Source:
    """Return where a request comes from. uvicorn takes the client from a proxy's header only if it trusts the proxy."""
    address = request.client.host if request.client else ""
    return Source(address, request.headers.get("user-agent", ""))


def _actor(caller: Caller, source: Source) -> Actor:
    return Actor(caller.person, VIA_OF[caller.by], source)

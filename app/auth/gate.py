"""Decides who is let in: by a session, by a token, or by a link that becomes a session. Knows no page.

What it found is kept for a few seconds, so that a page's many requests cost one look; a session ended or a token
revoked on another replica is refused here after that long at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import anyio
import anyio.to_thread
from starlette.requests import HTTPConnection

from app.auth import rules, store
from app.auth.rules import By, Caller, Shown
from app.auth.secret import fingerprint, is_plausible, new_secret
from app.auth.tries import Tries
from app.clock import Clock
from app.db import Database

KEPT_SECONDS = 5.0
KEPT = 1000
# Of its own, so that nobody waits at the door for the pages inside.
LOOKING_THREADS = 4
NOBODY_ASKED = Caller("local", By.NOTHING)


@dataclass(frozen=True)
class _Kept:
    caller: Caller
    until: float


class Gate:
    """The door of one replica. `auth` is the setting; with "none" everybody is let in as “local”."""

    def __init__(self, db: Database, clock: Clock, auth: Literal["local", "none"]) -> None:
        self.tries = Tries()
        self._db = db
        self._clock = clock
        self._open = auth == "none"
        self._kept: dict[str, _Kept] = {}
        self._threads = anyio.CapacityLimiter(LOOKING_THREADS)

    async def caller(self, request: HTTPConnection) -> Caller | None:
        """Who asks; None: nobody whom we know. Never blocks the loop."""
        if self._open:
            return NOBODY_ASKED
        shown = shown_by(request)
        if shown is None or not is_plausible(shown.secret):
            return None
        return self._remembered(shown) or await anyio.to_thread.run_sync(self.find, shown, limiter=self._threads)

    def find(self, shown: Shown | None) -> Caller | None:
        """Look for whoever shows this. Blocks on the database."""
        if self._open:
            return NOBODY_ASKED
        if shown is None or not is_plausible(shown.secret):
            return None
        wanted = fingerprint(shown.secret)
        name = self._session(wanted) if shown.by is By.SESSION else self._token(wanted)
        if name is None:
            return None
        caller = Caller(name, shown.by)
        if len(self._kept) >= KEPT:
            self._kept.clear()
        self._kept[_key(shown)] = _Kept(caller, self._clock.monotonic() + KEPT_SECONDS)
        return caller

    def wait(self, address: str) -> int:
        """How many seconds an address that tried too many wrong links has to wait; 0: none."""
        return self.tries.wait(address, self._clock.monotonic())

    def knows_link(self, link: str, address: str) -> bool:
        """Whether a link would let its bearer in; it is not used up by asking. Blocks on the database."""
        known = is_plausible(link) and store.has_link(self._db, fingerprint(link), self._clock.now())
        if not known:
            self.tries.wrong(address, self._clock.monotonic())
        return known

    def sign_in(self, link: str, address: str) -> str | None:
        """The secret of a new session in exchange for a link; None: it is worth nothing. Blocks on the database."""
        secret = new_secret()
        if is_plausible(link) and store.exchange(self._db, fingerprint(link), fingerprint(secret), self._clock.now()):
            return secret
        self.tries.wrong(address, self._clock.monotonic())
        return None

    def sign_out(self, shown: Shown) -> None:
        """End a session. Blocks on the database."""
        self._kept.pop(_key(shown), None)
        store.end_session(self._db, fingerprint(shown.secret))

    def _remembered(self, shown: Shown) -> Caller | None:
        kept = self._kept.get(_key(shown))
        return kept.caller if kept is not None and self._clock.monotonic() < kept.until else None

    def _session(self, wanted: str) -> str | None:
        now = self._clock.now()
        found = store.find_session(self._db, wanted, now)
        if found is None:
            return None
        store.touch_session(self._db, found, now)
        return found.person

    def _token(self, wanted: str) -> str | None:
        now = self._clock.now()
        found = store.find_token(self._db, wanted, now)
        if found is None:
            return None
        store.touch_token(self._db, found, now)
        return found.name


def shown_by(request: HTTPConnection) -> Shown | None:
    """What a request shows. uvicorn sets the scheme, from a proxy's header only where it trusts the proxy."""
    return rules.shown(
        request.url.path,
        request.headers.get("authorization", ""),
        request.cookies,
        secure=request.url.scheme == "https",
    )


def _key(shown: Shown) -> str:
    return f"{shown.by}:{fingerprint(shown.secret)}"

"""Which credentials are needed where, and how long they are valid. Pure: reads no clock, no request and no database."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from app.auth.scopes import API, METRICS, Scope, permits

LINK_LIFETIME = timedelta(minutes=15)
IDLE = timedelta(days=14)
"""A session that isn't used ends after this long."""
LONGEST = timedelta(days=90)
"""A session ends after this long in any case."""
TOKEN_LIFETIME = timedelta(days=90)
"""A token expires after this long, unless another lifetime is given."""
TOUCH_AFTER = timedelta(minutes=5)
"""How often at most the use of a session or a token is recorded."""

# Open to everyone: the liveness check, sign-in and sign-out, and the static files of those pages.
OPEN_PATHS = frozenset({"/healthz", "/readyz", "/sign-in", "/sign-out", "/preferences", "/favicon.ico"})
OPEN_BELOW = "/static/"
API_DOCS = "/api/docs"

COOKIE = "sailpass_session"
# Browsers accept a cookie of this name only over https, for this host alone and for every path.
SECURE_PREFIX = "__Host-"
_PORT = re.compile(r":([0-9]{1,5})$")


class By(Enum):
    """How a caller is authenticated."""

    NOTHING = auto()
    SESSION = auto()
    TOKEN = auto()
    TERMINAL = auto()
    """A command that works in its own process."""


@dataclass(frozen=True)
class Shown:
    """The secret in a request, and its kind."""

    by: By
    secret: str


@dataclass(frozen=True)
class Source:
    """Where a request comes from: the client's address and its User-Agent, "" where unknown."""

    address: str = ""
    browser: str = ""


NOWHERE = Source()


@dataclass(frozen=True)
class Caller:
    """An authenticated caller.

    `person` is the name that history shows. `session` is the id of the browser's session, "" for other callers.
    `scope` is what a token may do; people have none and may do everything.
    """

    person: str
    by: By
    session: str = ""
    scope: Scope | None = None

    def may(self, method: str, path: str) -> bool:
        """Return whether this caller may send such a request."""
        return self.by is not By.TOKEN or permits(self.scope, method, path)


def is_open(path: str) -> bool:
    """Return whether anyone may request this path."""
    return path in OPEN_PATHS or path.startswith(OPEN_BELOW)


def is_for_programs(path: str) -> bool:
    """Return whether a program reads a refusal on this path. The API's documentation is read by people."""
    return path == METRICS or (path.startswith(API) and path != API_DOCS)


def takes_tokens(path: str) -> bool:
    """Return whether this path accepts tokens. Pages accept only sessions, so that a leaked token opens no browser."""
    return path == METRICS or path.startswith(API)


def cookie_name(host: str, *, secure: bool) -> str:
    """Return the session cookie's name for a request to `host` (the Host header), on https (`secure`) or plain http.

    It contains the port that the browser used, because browsers send a host's cookies to every port of it: two
    consoles on one host would overwrite each other's. The port in the Host header is the browser's own, also behind
    a proxy; the port we listen on may differ between replicas that share sessions.
    """
    port = _PORT.search(host)
    number = int(port[1]) if port else 443 if secure else 80
    return f"{SECURE_PREFIX if secure else ''}{COOKIE}_{number}"


def shown(path: str, authorization: str, cookies: Mapping[str, str], cookie: str) -> Shown | None:
    """Return the credential in a request. A bearer token takes precedence over the session cookie named `cookie`.

    Any other Authorization header belongs to a proxy and is ignored.
    """
    scheme, _, value = authorization.partition(" ")
    if takes_tokens(path) and scheme.lower() == "bearer":
        return Shown(By.TOKEN, value.strip())
    secret = cookies.get(cookie, "")
    return Shown(By.SESSION, secret) if secret else None


def session_end(created_at: datetime, seen_at: datetime) -> datetime:
    """Return when a session ends that was last used at `seen_at`."""
    return min(seen_at + IDLE, created_at + LONGEST)

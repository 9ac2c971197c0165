"""Who has to show what, where and for how long it counts. Pure: must never ask a clock, a request or a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LINK_LIFETIME = timedelta(hours=24)
IDLE = timedelta(days=14)
"""A session that nobody uses ends after this long."""
LONGEST = timedelta(days=90)
"""A session ends after this long in any case."""
TOUCH_AFTER = timedelta(hours=1)
"""That somebody was here is written down this often at most."""

# What is answered to anybody: whether the process lives, the way in and out, and what those pages are made of.
OPEN_PATHS = frozenset({"/healthz", "/readyz", "/sign-in", "/sign-out", "/preferences", "/favicon.ico"})
OPEN_BELOW = "/static/"
API = "/api/"
API_DOCS = "/api/docs"
METRICS = "/metrics"

COOKIE = "sailpass_session"
# Browsers take a cookie of this name only over https, for this host alone and for every path.
SECURE_COOKIE = "__Host-sailpass_session"


class By(StrEnum):
    """How a caller came in."""

    NOTHING = "nothing"
    SESSION = "session"
    TOKEN = "token"  # noqa: S105  (a kind, no secret)


@dataclass(frozen=True)
class Shown:
    """The secret that a request shows, and as what."""

    by: By
    secret: str


@dataclass(frozen=True)
class Caller:
    """Somebody whom we let in; `person` as the history will name them."""

    person: str
    by: By


def is_open(path: str) -> bool:
    """Whether anybody may ask for this path."""
    return path in OPEN_PATHS or path.startswith(OPEN_BELOW)


def is_for_programs(path: str) -> bool:
    """Whether a refusal here is read by a program. The API's documentation is read by a person."""
    return path == METRICS or (path.startswith(API) and path != API_DOCS)


def takes_tokens(path: str) -> bool:
    """Whether a token lets one in here. Pages take sessions alone, so that a leaked token opens no browser."""
    return path == METRICS or path.startswith(API)


def cookie_name(*, secure: bool) -> str:
    """The session cookie's name on https (`secure`) and on plain http."""
    return SECURE_COOKIE if secure else COOKIE


def shown(path: str, authorization: str, cookies: Mapping[str, str], *, secure: bool) -> Shown | None:
    """What a request shows. A bearer token outweighs a cookie; any other Authorization is a proxy's affair."""
    scheme, _, value = authorization.partition(" ")
    if takes_tokens(path) and scheme.lower() == "bearer":
        return Shown(By.TOKEN, value.strip())
    secret = cookies.get(cookie_name(secure=secure), "")
    return Shown(By.SESSION, secret) if secret else None


def session_end(created_at: datetime, seen_at: datetime) -> datetime:
    """When a session ends that was last used at `seen_at`."""
    return min(seen_at + IDLE, created_at + LONGEST)

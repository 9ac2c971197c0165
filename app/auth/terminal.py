"""The terminal's sign-in commands: create, list and revoke links, sessions and tokens.

A secret is returned or printed once, and written nowhere else.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.engine import make_url

from app.auth import sessions, sign_in_links, tokens
from app.auth.events import Actor, Via
from app.auth.names import TOKEN_NAME
from app.auth.operator import operator_name
from app.auth.rules import TOKEN_LIFETIME
from app.auth.scopes import Scope
from app.auth.secret import fingerprint, new_secret, new_token
from app.auth.sessions import SessionFacts
from app.auth.sign_in_links import LinkFacts
from app.auth.tokens import TokenFacts
from app.clock import Clock, SystemClock
from app.db import Database, is_sqlite
from app.errors import Problem
from app.migrate import database_errors, migrate
from app.settings import Settings, SettingsError, is_loopback

MOST_DAYS = 3650
NEVER = "never"
_DAYS = re.compile(r"([0-9]{1,6})d?")
NOBODY_SIGNS_IN = "SAILPASS_AUTH=none lets everybody in on this computer; there is nothing to sign in to."


@dataclass(frozen=True)
class NewToken:
    """A new token; its secret isn't shown again."""

    secret: str
    facts: TokenFacts


def print_start_link(settings: Settings) -> None:
    """Print how to sign in, as a server does at its start.

    With SQLite that is a new link, which revokes the older ones: the one server prints them. Replicas on PostgreSQL
    print none: each would revoke a link that another replica just printed, show an address that browsers may not reach,
    and leave a secret in collected logs.
    """
    if is_sqlite(settings.history_url):
        link = create_link(settings, via=Via.SERVER)
        print(f"Sign in: {link}", flush=True)  # noqa: T201  (people and programs wait for this line)
    else:
        print("Sign in: run “sailpass sign-in-link --base URL”.", flush=True)  # noqa: T201


def create_link(settings: Settings, *, base: str = "", via: Via = Via.TERMINAL, clock: Clock | None = None) -> str:
    """Return the address of a new sign-in link, `http://127.0.0.1:8000/sign-in?link=…`. Revokes every older link.

    `base` is the address under which the browser reaches the console, such as https://sailpass.example.com.

    Raises:
        SettingsError: sign-in is off, or there is no database yet.
    """
    if settings.auth == "none":
        raise SettingsError(NOBODY_SIGNS_IN)
    link = new_secret()
    with _database(settings) as db:
        sign_in_links.add_link(db, fingerprint(link), _operator(via), _now(clock))
    return f"{(base or reachable_at(settings)).rstrip('/')}/sign-in?link={link}"


def list_links(settings: Settings, *, clock: Clock | None = None) -> tuple[LinkFacts, ...]:
    """Return every valid link. Raises SettingsError when there is no database yet."""
    with _database(settings) as db:
        return sign_in_links.list_links(db, _now(clock))


def revoke_links(settings: Settings, link_id: str = "", *, clock: Clock | None = None) -> int:
    """Revoke the link with this id, or every one for ""; return how many.

    Raises:
        Problem: `auth.link_not_found`, for an id.
        SettingsError: there is no database yet.
    """
    with _database(settings) as db:
        count = sign_in_links.revoke_links(db, link_id, _operator(), _now(clock))
    if link_id and not count:
        raise Problem("auth.link_not_found", id=link_id)
    return count


def list_sessions(settings: Settings, *, clock: Clock | None = None) -> tuple[SessionFacts, ...]:
    """Return every valid session. Raises SettingsError when there is no database yet."""
    with _database(settings) as db:
        return sessions.list_sessions(db, _now(clock))


def end_sessions(settings: Settings, session_id: str = "", *, clock: Clock | None = None) -> int:
    """End the session with this id, or all for ""; return how many. Running servers refuse them within seconds.

    Raises:
        Problem: `auth.session_not_found`, for an id.
        SettingsError: there is no database yet.
    """
    with _database(settings) as db:
        if not session_id:
            return len(sessions.end_sessions(db, "", _operator(), _now(clock)))
        if not sessions.end_session(db, session_id, _operator(), _now(clock)):
            raise Problem("auth.session_not_found", id=session_id)
    return 1


def create_token(
    settings: Settings,
    name: str = "",
    *,
    scope: Scope = Scope.READ,
    expires: str = "",
    clock: Clock | None = None,
) -> NewToken:
    """Create a token for programs.

    Args:
        settings: name the server's database.
        name: the history shows `token:<name>`; "" for a generated one.
        scope: what it may do.
        expires: `never`, or a number of days such as `30d` or `30`; "" for 90 days.
        clock: replaces the system clock, for tests.

    Raises:
        Problem: `auth.token_bad_name`, `auth.token_bad_expiry`, `auth.token_name_taken`.
        SettingsError: there is no database yet.
    """
    now, actor = _now(clock), _operator()
    facts = TokenFacts(name or _some_name(actor.person), actor.person, now, _end(now, expires), None, scope)
    if not TOKEN_NAME.fullmatch(facts.name):
        raise Problem("auth.token_bad_name", name=facts.name)
    secret = new_token()
    with _database(settings) as db:
        tokens.add_token(db, fingerprint(secret), facts, actor)
    return NewToken(secret, facts)


def list_tokens(settings: Settings) -> tuple[TokenFacts, ...]:
    """Return every token, without its secret. Raises SettingsError when there is no database yet."""
    with _database(settings) as db:
        return tokens.list_tokens(db)


def revoke_token(settings: Settings, name: str, *, clock: Clock | None = None) -> None:
    """Revoke a token; running servers refuse it within seconds.

    Raises:
        Problem: `auth.token_not_found`.
        SettingsError: there is no database yet.
    """
    with _database(settings) as db:
        tokens.revoke_token(db, name, _operator(), _now(clock))


def reachable_at(settings: Settings) -> str:
    """Return the console's address for browsers: on a host that isn't loopback, the first allowed name."""
    names = [name for name in settings.allowed_hosts if "*" not in name]
    host = settings.host if is_loopback(settings.host) or not names else names[0]
    return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{settings.port}"


def _operator(via: Via = Via.TERMINAL) -> Actor:
    return Actor(operator_name(), via)


def _now(clock: Clock | None) -> datetime:
    return (clock or SystemClock()).now()


def _end(now: datetime, expires: str) -> datetime | None:
    if not expires:
        return now + TOKEN_LIFETIME
    if expires == NEVER:
        return None
    days = _DAYS.fullmatch(expires)
    if days is None or not 1 <= int(days[1]) <= MOST_DAYS:
        raise Problem("auth.token_bad_expiry", expires=expires)
    return now + timedelta(days=int(days[1]))


def _some_name(person: str) -> str:
    begins = re.sub(r"[^A-Za-z0-9]+", "-", person).strip("-")[:50] or "owner"
    return f"{begins}-{secrets.token_hex(3)}"


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    """Open the server's existing database. None is created: a new one would hold no sessions.

    Raises SettingsError: there is none, or it can't be used.
    """
    url = settings.history_url
    if is_sqlite(url) and not Path(make_url(url).database or "").is_file():
        raise SettingsError(
            f"There is no database in {Path(make_url(url).database or '').parent}; start “sailpass serve” first, "
            "or name its folder with SAILPASS_DATA_DIR."
        )
    db = Database(url, pool_size=1)
    try:
        with database_errors():
            migrate(db)
            yield db
    finally:
        db.close()

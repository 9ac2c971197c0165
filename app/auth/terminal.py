"""What the terminal does about signing in: prints links and tokens, each once. Must never write a secret elsewhere."""

from __future__ import annotations

import getpass
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.engine import make_url

from app.auth import store
from app.auth.secret import fingerprint, new_secret, new_token
from app.auth.store import TokenFacts
from app.clock import Clock, SystemClock
from app.db import Database, is_sqlite
from app.errors import Problem
from app.migrate import migrate
from app.settings import Settings, SettingsError, is_loopback

TOKEN_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
MOST_DAYS = 3650


def print_link(settings: Settings, *, base: str = "", clock: Clock | None = None) -> None:
    """Print a new sign-in link, `Sign in: http://127.0.0.1:8000/sign-in?link=…`. Others printed before still count.

    `base` is the address under which the browser reaches the console, such as https://sailpass.example.com.

    Raises:
        SettingsError: nobody signs in here, or there is no database yet.
    """
    if settings.auth == "none":
        raise SettingsError("SAILPASS_AUTH=none lets everybody in on this computer; there is nothing to sign in to.")
    link = new_secret()
    with _database(settings) as db:
        store.add_link(db, fingerprint(link), operator_name(), (clock or SystemClock()).now())
    print(f"Sign in: {(base or reachable_at(settings)).rstrip('/')}/sign-in?link={link}", flush=True)  # noqa: T201  (this is what it is for)


def print_token(settings: Settings, name: str = "", *, days: int | None = None, clock: Clock | None = None) -> None:
    """Print a new token for `/api/v1`, alone on its line, so that a script can take it. Remarks go to stderr.

    Raises:
        Problem: `auth.token_bad_name`, `auth.token_bad_days`, `auth.token_name_taken`.
        SettingsError: there is no database yet.
    """
    now = (clock or SystemClock()).now()
    person = operator_name()
    facts = TokenFacts(name or _some_name(person), person, now, _end(now, days), None)
    if not TOKEN_NAME.fullmatch(facts.name):
        raise Problem("auth.token_bad_name", name=facts.name)
    token = new_token()
    with _database(settings) as db:
        store.add_token(db, fingerprint(token), facts)
    ends = f"until {facts.expires_at:%Y-%m-%d %H:%M} UTC" if facts.expires_at else "until it is revoked"
    print(f"Token {facts.name}, good {ends}; it is not shown again.", file=sys.stderr)  # noqa: T201  (as above)
    print(token, flush=True)  # noqa: T201  (as above)


def list_tokens(settings: Settings) -> tuple[TokenFacts, ...]:
    """Every token, without its secret. Raises SettingsError when there is no database yet."""
    with _database(settings) as db:
        return store.list_tokens(db)


def print_tokens(settings: Settings) -> None:
    """Print a line for every token: name, who made it when, until when it is good, when it was last used.

    Raises SettingsError when there is no database yet.
    """
    for facts in list_tokens(settings):
        ends, used = _day(facts.expires_at, "for good"), _day(facts.used_at, "never used")
        print(f"{facts.name}\t{facts.created_by}\t{_day(facts.created_at, '')}\t{ends}\t{used}")  # noqa: T201  (as above)


def revoke_token(settings: Settings, name: str) -> None:
    """Revoke a token; running servers refuse it within seconds.

    Raises:
        Problem: `auth.token_not_found`.
        SettingsError: there is no database yet.
    """
    with _database(settings) as db:
        store.remove_token(db, name)


def operator_name() -> str:
    """Whoever runs this, as the history will name them: the system's user, or “owner” where it knows no name."""
    try:
        return getpass.getuser()[:255] or "owner"
    except (KeyError, ImportError, OSError):  # what a user without a name raises depends on the version of Python
        return "owner"


def reachable_at(settings: Settings) -> str:
    """The console's address as a browser would name it: on a host that is no loopback the first name that is allowed."""
    names = [name for name in settings.allowed_hosts if "*" not in name]
    host = settings.host if is_loopback(settings.host) or not names else names[0]
    return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{settings.port}"


def _end(now: datetime, days: int | None) -> datetime | None:
    if days is None:
        return None
    if not 1 <= days <= MOST_DAYS:
        raise Problem("auth.token_bad_days", days=days)
    return now + timedelta(days=days)


def _some_name(person: str) -> str:
    known = re.sub(r"[^A-Za-z0-9]+", "-", person).strip("-")[:50] or "owner"
    return f"{known}-{secrets.token_hex(3)}"


def _day(when: datetime | None, otherwise: str) -> str:
    return f"{when:%Y-%m-%d}" if when else otherwise


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    """The server's database. One that is not there would let nobody in, so none is made."""
    url = settings.history_url
    if is_sqlite(url) and not Path(make_url(url).database or "").is_file():
        raise SettingsError(
            f"There is no database in {Path(make_url(url).database or '').parent}; start “sailpass serve” first, "
            "or name its folder with SAILPASS_DATA_DIR."
        )
    db = Database(url, pool_size=1)
    try:
        migrate(db)
        yield db
    finally:
        db.close()

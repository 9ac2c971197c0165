"""Finds who does the work: the server that answers, or else this process, and says so where it is this process.

A server that was named and does not answer is an error: its database is not ours to work on in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto

from app.client.api import ROOT, Api, NoAnswerError
from app.client.exits import OUT_OF_SCOPE
from app.client.http import Http
from app.errors import Problem
from app.settings import Settings, is_loopback

# What only our answer to "who asks" holds.
OURS = {"person", "version", "regions"}


class Found(Enum):
    """Who is at an address."""

    OPEN = auto()
    LOCKED = auto()
    OTHER = auto()
    NOBODY = auto()


@dataclass(frozen=True)
class Wish:
    """What a command needs. An empty `url` means the local server; `works`: it starts operations, or waits for them."""

    settings: Settings
    url: str = ""
    token: str = ""
    works: bool = True


@contextmanager
def connected(wish: Wish, say: Callable[[str], None]) -> Iterator[Api]:
    """The API, through whoever answers; `say` tells the person what they should know beside the result.

    Raises:
        Problem: `client.bad_url`, `client.unreachable`, `client.not_ours`, `client.token_needed`,
            `client.token_refused`.
        SettingsError: the work cannot be done in this process.
    """
    server = Http(wish.url or _local_url(wish.settings), wish.token)
    found, why = _look(server)
    if found is Found.OPEN:
        yield Api(server)
    elif found is Found.LOCKED:
        with _let_in(wish, server) as api:
            yield api
    elif wish.url:
        raise _not_there(found, server.url, why)
    else:
        say(f"No server answers at {server.url}; working in this process.")
        with _in_process(wish, say) as api:
            yield api


@contextmanager
def _in_process(wish: Wish, say: Callable[[str], None]) -> Iterator[Api]:
    # Imported where it is needed: it takes a second, which a command that finds a server does not spend.
    from app.client.in_process import InProcess

    with InProcess(wish.settings, say, works=wish.works) as local:
        yield Api(local)


@contextmanager
def _let_in(wish: Wish, server: Http) -> Iterator[Api]:
    from app.client.lending import lent_token, may_lend

    if wish.token:
        raise Problem("client.token_refused", url=server.url)
    if wish.url and not is_loopback(server.host):
        raise Problem("client.token_needed", url=server.url)
    if not may_lend(wish.settings):
        raise Problem("client.token_needed", url=server.url)
    with lent_token(wish.settings) as token:
        known = Http(server.url, token)
        if _look(known)[0] is not Found.OPEN:  # a server on another database
            raise Problem("client.token_needed", url=server.url)
        yield Api(known)


def _look(server: Http) -> tuple[Found, str]:
    """Who is there, and if nobody, why."""
    try:
        status, told = server.send("GET", f"{ROOT}/identity")
    except NoAnswerError as error:
        return Found.NOBODY, str(error)
    if not isinstance(told, dict):
        return Found.OTHER, ""
    if status == 200 and told.keys() >= OURS:
        return Found.OPEN, ""
    code = told.get("code")
    if code == OUT_OF_SCOPE:  # the token counts, only not for this; what the command asks for is answered by itself
        return Found.OPEN, ""
    return (Found.LOCKED if code == "auth.sign_in_needed" else Found.OTHER), ""


def _not_there(found: Found, url: str, why: str) -> Problem:
    if found is Found.NOBODY:
        return Problem("client.unreachable", url=url, why=why)
    return Problem("client.not_ours", url=url)


def _local_url(settings: Settings) -> str:
    host = settings.host if is_loopback(settings.host) else "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"

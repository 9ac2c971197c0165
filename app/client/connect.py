"""Finds who does the work: the server that is named, the one that works on our own database, or else this process.

A token goes only to a server that the person named. The one that is lent for a single command goes only to the address
that the server itself wrote into its lock file, which nobody else can write. A server that was named and does not
answer is an error: its database is not ours to work on in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto

from app.client.api import ROOT, Api, NoAnswerError
from app.client.exit_codes import OUT_OF_SCOPE
from app.client.http import Http
from app.client.local_server import served_address
from app.errors import Problem
from app.settings import Settings, is_loopback

# What only our answer to "who asks" holds.
OURS = {"person", "version", "regions"}


class ServerState(Enum):
    """Who is at an address."""

    OPEN = auto()
    LOCKED = auto()
    OTHER = auto()
    NOBODY = auto()


@dataclass(frozen=True)
class Wish:
    """What a command needs. An empty `url` means the local server; `works`: it starts operations, or waits for them.

    `insecure`: the server that was named may be spoken to over the network without encryption.
    """

    settings: Settings
    url: str = ""
    token: str = ""
    works: bool = True
    insecure: bool = False


@contextmanager
def connected(wish: Wish, say: Callable[[str], None]) -> Iterator[Api]:
    """The API, through whoever answers; `say` tells the person what they should know beside the result.

    Raises:
        Problem: `client.bad_url`, `client.unreachable`, `client.not_ours`, `client.redirected`,
            `client.token_needed`, `client.token_refused`, `client.other_server`, `command.token_without_url`,
            `command.insecure_url`, `command.url_with_password`, `command.bad_token`.
        SettingsError: the work cannot be done in this process.
    """
    if wish.token and not wish.url:
        raise Problem("command.token_without_url")
    with _named(wish) if wish.url else _local(wish, say) as api:
        yield api


@contextmanager
def _named(wish: Wish) -> Iterator[Api]:
    """The server that the person named."""
    server = Http(wish.url, wish.token, insecure=wish.insecure)
    state, why = _look(server)
    if state is ServerState.OPEN:
        yield Api(server)
        return
    if state is not ServerState.LOCKED:
        raise _not_there(state, server.url, why)
    if wish.token:
        raise Problem("client.token_refused", url=server.url)
    with _lent(wish.settings, server) as api:
        yield api


@contextmanager
def _local(wish: Wish, say: Callable[[str], None]) -> Iterator[Api]:
    """The server that works on our own database, or this process where there is none."""
    address = served_address(wish.settings)
    if not address:
        _refuse_another(wish.settings)
        say("No server is running on this database; working in this process.")
        with _in_process(wish, say) as api:
            yield api
        return
    server = Http(address, insecure=True)  # it is on this machine, whatever its address
    state, why = _look(server)
    if state is ServerState.OPEN:
        yield Api(server)
    elif state is ServerState.LOCKED:
        with _lent(wish.settings, server) as api:
            yield api
    else:
        raise _not_there(state, server.url, why)


def _refuse_another(settings: Settings) -> None:
    """A console at the usual address that works on another database: the person may mean that one.

    Raises Problem `client.other_server`. Nothing secret is sent to find that out.
    """
    host = settings.host if is_loopback(settings.host) else "127.0.0.1"
    server = Http(f"http://{f'[{host}]' if ':' in host else host}:{settings.port}")
    try:
        state, _ = _look(server)
    except Problem:
        return
    if state in (ServerState.OPEN, ServerState.LOCKED):
        raise Problem("client.other_server", url=server.url)


@contextmanager
def _in_process(wish: Wish, say: Callable[[str], None]) -> Iterator[Api]:
    # Imported where it is needed: it takes a second, which a command that finds a server does not spend.
    from app.client.in_process import InProcess

    with InProcess(wish.settings, say, works=wish.works) as local:
        yield Api(local)


@contextmanager
def _lent(settings: Settings, server: Http) -> Iterator[Api]:
    """The server with a token for this command, if it is the one that works on our own database."""
    from app.client.local_token import lent_token

    address = served_address(settings)
    local = Http(address, insecure=True) if address else None
    if local is None or not _is_same(server, local):
        raise Problem("client.token_needed", url=server.url)
    with lent_token(settings) as token:
        known = Http(local.url, token, insecure=True)
        if _look(known)[0] is not ServerState.OPEN:
            raise Problem("client.token_needed", url=server.url)
        yield Api(known)


def _is_same(server: Http, local: Http) -> bool:
    """Whether a server that was named is the one at an address of this machine."""
    same_host = server.host == local.host or (is_loopback(server.host) and is_loopback(local.host))
    return same_host and server.port == local.port


def _look(server: Http) -> tuple[ServerState, str]:
    """Who is there, and if nobody, why."""
    try:
        status, answer = server.send("GET", f"{ROOT}/identity")
    except NoAnswerError as error:
        return ServerState.NOBODY, str(error)
    if not isinstance(answer, dict):
        return ServerState.OTHER, ""
    if status == 200 and answer.keys() >= OURS:
        return ServerState.OPEN, ""
    code = answer.get("code")
    if code == OUT_OF_SCOPE:  # the token counts, only not for this; what the command asks for is answered by itself
        return ServerState.OPEN, ""
    return (ServerState.LOCKED if code == "auth.sign_in_needed" else ServerState.OTHER), ""


def _not_there(found: ServerState, url: str, why: str) -> Problem:
    if found is ServerState.NOBODY:
        return Problem("client.unreachable", url=url, why=why)
    return Problem("client.not_ours", url=url)

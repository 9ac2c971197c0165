"""Chooses where a command's work is done: the named server, the server of our own database, or else this process.

A token goes only to a server that the person named. A token created for a single command goes only to the address that
the server itself wrote into its lock file, which no other user can write. If a named server does not answer, that is
an error: its database is not ours to work on instead.
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

# A key that only our own identity response contains.
OURS = {"person", "version", "regions"}


class ServerState(Enum):
    """What is at an address."""

    OPEN = auto()
    LOCKED = auto()
    OTHER = auto()
    NOBODY = auto()


@dataclass(frozen=True)
class Wish:
    """What a command needs. An empty `url` means the local server; `works`: it starts operations, or waits for them.

    `insecure`: the named server may be used over the network without encryption. `region`: what this process looks at
    where no Region is configured; `needs_region`: it looks at one.
    """

    settings: Settings
    url: str = ""
    token: str = ""
    works: bool = True
    insecure: bool = False
    region: str = ""
    needs_region: bool = True


@contextmanager
def connected(wish: Wish, say: Callable[[str], None]) -> Iterator[Api]:
    """Yield the API, over HTTP or in this process; `say` shows the person messages besides the result.

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
    """Yield the API of the server that the person named."""
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
    """Yield the API of the server of our own database, or of this process if there is none."""
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
    """Refuse if a console at the default address uses another database: the person may mean that one.

    Raises Problem `client.other_server`. The check sends no secret.
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
    # Imported only here: it takes a second, which a command that finds a server does not need.
    from app.client.in_process import InProcess

    with InProcess(wish.settings, say, works=wish.works, region=wish.region, needs_region=wish.needs_region) as local:
        yield Api(local)


@contextmanager
def _lent(settings: Settings, server: Http) -> Iterator[Api]:
    """Yield the API of the server with a token for this command, if it is the one of our own database."""
    from app.client.local_token import lent_token

    address = served_address(settings)
    local = Http(address, insecure=True) if address else None
    if local is None or not _is_same(server, local):
        raise Problem("client.token_needed", url=server.url)
    assert settings.history_file is not None  # noqa: S101  (a local server has said where it serves)
    with lent_token(settings.history_file) as token:
        transport = Http(local.url, token, insecure=True)
        if _look(transport)[0] is not ServerState.OPEN:
            raise Problem("client.token_needed", url=server.url)
        yield Api(transport)


def _is_same(server: Http, local: Http) -> bool:
    """Return whether a named server is the one at an address of this machine."""
    same_host = server.host == local.host or (is_loopback(server.host) and is_loopback(local.host))
    return same_host and server.port == local.port


def _look(server: Http) -> tuple[ServerState, str]:
    """Return what is at the address, and why, if there is no server."""
    try:
        status, answer = server.send("GET", f"{ROOT}/identity")
    except NoAnswerError as error:
        return ServerState.NOBODY, str(error)
    if not isinstance(answer, dict):
        return ServerState.OTHER, ""
    if status == 200 and answer.keys() >= OURS:
        return ServerState.OPEN, ""
    code = answer.get("code")
    if code == OUT_OF_SCOPE:  # the token is valid, but not for this request; the command's own may be allowed
        return ServerState.OPEN, ""
    return (ServerState.LOCKED if code == "auth.sign_in_needed" else ServerState.OTHER), ""


def _not_there(state: ServerState, url: str, why: str) -> Problem:
    if state is ServerState.NOBODY:
        return Problem("client.unreachable", url=url, why=why)
    return Problem("client.not_ours", url=url)

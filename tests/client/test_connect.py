"""A token goes only to the named server, or to the one in our own lock file."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.client.connect import Wish, connected
from app.client.http import Http
from app.db import Database
from app.errors import Problem
from app.migrate import migrate
from app.operations.lease import FileLease
from app.settings import Settings

TOKEN = "sailpass_" + "A" * 43
LOCKED = (401, {"code": "auth.sign_in_needed"})
OPEN = (200, {"person": "mika", "version": "1", "regions": ["us-east-1"]})


class Listener:
    """Listens on a port and records what is sent. It requires a token, and then accepts."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self.tokens: list[str] = []
        self.wants_token = True

    def answer(self, token: str) -> tuple[int, object]:
        self.tokens.append(token)
        return OPEN if token or not self.wants_token else LOCKED


@contextmanager
def listening() -> Iterator[Listener]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = listener.answer(self.headers.get("Authorization", ""))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listener = Listener(server.server_port)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield listener
        server.shutdown()


@pytest.fixture
def stranger() -> Iterator[Listener]:
    """Another process that took the port named by the shell first."""
    with listening() as listener:
        yield listener


@pytest.fixture
def settings(tmp_path, stranger) -> Settings:
    chosen = Settings(data_dir=tmp_path, port=stranger.port, regions="us-east-1")
    database = Database(chosen.history_url)
    migrate(database)
    database.close()
    return chosen


@pytest.fixture
def server(settings) -> Iterator[Listener]:
    """The server of our database, at another port."""
    lease = FileLease(settings.data_dir / "sailpass.db", "server", "1")
    lease.claim()
    with listening() as listener:
        lease.announce(listener.url)
        yield listener
    lease.give_up()


def refusal(wish: Wish) -> Problem:
    with pytest.raises(Problem) as refused, connected(wish, print):
        pass
    return refused.value


def test_a_token_is_lent_to_the_address_in_the_lock_file(settings, server, stranger):
    with connected(Wish(settings), print) as api:
        assert api.identity()["person"] == "mika"
    assert server.tokens[-1].startswith("Bearer sailpass_")
    assert stranger.tokens == []


def test_no_token_is_lent_to_whoever_listens_on_the_port_of_the_shell(settings, stranger):
    lease = FileLease(settings.data_dir / "sailpass.db", "server", "1")
    lease.claim()  # a server that has not come so far as to listen
    problem = refusal(Wish(settings))
    lease.give_up()
    assert (problem.code, problem.params["url"]) == ("client.other_server", stranger.url)
    assert set(stranger.tokens) == {""}


def test_no_token_is_lent_to_another_address_that_was_named(settings, server, stranger):
    assert refusal(Wish(settings, stranger.url)).code == "client.token_needed"
    assert set(stranger.tokens) == {""}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_one_is_lent_where_the_address_that_was_named_is_that_of_the_lock_file(settings, server, host):
    with connected(Wish(settings, f"http://{host}:{server.port}"), print) as api:
        assert api.identity()["person"] == "mika"
    assert server.tokens[-1].startswith("Bearer sailpass_")


def test_a_token_is_sent_nowhere_without_a_url(settings, server, stranger):
    assert refusal(Wish(settings, token=TOKEN)).code == "command.token_without_url"
    assert (server.tokens, stranger.tokens) == ([], [])


def test_a_token_is_sent_to_the_url_beside_it(settings, stranger):
    with connected(Wish(settings, stranger.url, TOKEN), print) as api:
        api.identity()
    assert set(stranger.tokens) == {f"Bearer {TOKEN}"}


def test_a_server_of_our_own_that_asks_for_nothing_is_used(settings, server, stranger):
    server.wants_token = False
    with connected(Wish(settings), print):
        pass
    assert (set(server.tokens), stranger.tokens) == ({""}, [])


def test_another_console_on_the_usual_port_is_not_taken_for_ours(settings, stranger):
    """Such as a demo: what is done there is not done here, nor the other way round."""
    stranger.wants_token = False
    assert refusal(Wish(settings)).code == "client.other_server"


def test_a_server_that_holds_the_lock_and_does_not_answer_is_told(settings):
    lease = FileLease(settings.data_dir / "sailpass.db", "server", "1")
    lease.claim()
    lease.announce("http://127.0.0.1:9")
    problem = refusal(Wish(settings))
    lease.give_up()
    assert (problem.code, problem.params["url"]) == ("client.unreachable", "http://127.0.0.1:9")


@pytest.mark.parametrize("url", ["http://console.example", "http://192.0.2.7:8000", "http://[2001:db8::1]"])
def test_a_network_without_encryption_is_refused(settings, url):
    problem = refusal(Wish(settings, url, TOKEN))
    assert (problem.code, problem.params["url"]) == ("command.insecure_url", url)


def test_a_flag_says_that_the_network_is_trusted():
    assert Http("http://console.example", TOKEN, insecure=True).host == "console.example"


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000", "https://x.example"])
def test_this_machine_and_https_need_no_flag(url):
    assert Http(url, TOKEN).url == url


@pytest.mark.parametrize("token", ["with space", "line\nbreak", "ключ", "a\r\nX-Evil: 1"])
def test_a_token_that_is_none_is_refused_without_being_shown(settings, stranger, token):
    problem = refusal(Wish(settings, stranger.url, token))
    assert (problem.code, problem.params) == ("command.bad_token", {})
    assert stranger.tokens == []

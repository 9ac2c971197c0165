"""The way to a server: what is sent, and what becomes of answers that are none."""

import http.server
import json
import threading
from typing import ClassVar

import pytest

from app.client.api import Api, NoAnswerError, RequestRefused
from app.client.http import Http
from app.errors import Problem


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers what it was asked; below /moved it sends one elsewhere, below /plain it answers no JSON."""

    paths: ClassVar[list[str]] = []

    def do_GET(self):
        self.paths.append(self.path)
        status = 302 if "/moved" in self.path else 200
        seen = {"path": self.path, "authorization": self.headers.get("Authorization", "")}
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(b"<html>" if "/plain" in self.path else json.dumps(seen).encode())

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def url():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_token_is_sent_as_a_bearer(url):
    assert Http(url, "secret").send("GET", "/x")[1]["authorization"] == "Bearer secret"


def test_a_path_before_the_api_is_kept(url):
    assert Http(f"{url}/below/").send("GET", "/api")[1]["path"] == "/below/api"


def test_no_redirect_is_followed(url):
    with pytest.raises(Problem) as refused:
        Http(url, "secret").send("GET", "/moved")
    assert (refused.value.code, refused.value.params["to"]) == ("client.redirected", "/elsewhere")
    assert Echo.paths[-1] == "/moved"


def test_what_is_no_json_is_no_answer_of_ours(url):
    assert Http(url).send("GET", "/plain") == (200, None)
    with pytest.raises(RequestRefused):
        Api(Http(f"{url}/plain")).identity()


def test_nobody_there_is_told_in_the_systems_words():
    with pytest.raises(NoAnswerError, match=r"^Connection refused$"):
        Http("http://127.0.0.1:9").send("GET", "/")


@pytest.mark.parametrize("address", ["nowhere", "ftp://host", "http://", "http:///path"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(Problem) as told:
        Http(address)
    assert told.value.code == "client.bad_url"

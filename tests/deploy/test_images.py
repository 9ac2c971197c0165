"""`make images` asks a registry for the tags' digests, by the registry's protocol."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.console import ROOT

OLD, NEW = "sha256:" + "0" * 64, "sha256:" + "1" * 64


@pytest.fixture(scope="module")
def images():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tools")
        import images as module  # noqa: PLC0415

        yield module


class Registry(BaseHTTPRequestHandler):
    """Docker Hub's answers: first a challenge, then a token, then a digest."""

    digest = NEW

    def do_HEAD(self):
        address = f"http://{self.headers['Host']}"
        if self.headers["Authorization"] != "Bearer secret":
            self.send_response(401)
            scope = 'scope="repository:library/python:pull"'
            self.send_header("WWW-Authenticate", f'Bearer realm="{address}/token",service="hub",{scope}')
        else:
            self.send_response(200 if self.path == "/v2/library/python/manifests/3.13-slim" else 404)
            self.send_header("Docker-Content-Digest", self.digest)
        self.end_headers()

    def do_GET(self):
        asked = self.path == "/token?service=hub&scope=repository%3Alibrary%2Fpython%3Apull"
        body = b'{"token": "secret"}'
        self.send_response(200 if asked else 400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def registry():
    server = HTTPServer(("127.0.0.1", 0), Registry)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_digest_of_a_tag_is_what_the_registry_says(images, registry):
    assert images.current_digest("python", "3.13-slim", registry) == NEW


def test_an_answer_without_a_digest_is_refused(images, registry, monkeypatch):
    monkeypatch.setattr(Registry, "digest", "latest")
    with pytest.raises(OSError, match="without a digest"):
        images.current_digest("python", "3.13-slim", registry)


def test_every_pinned_image_is_renewed_and_nothing_else(images):
    text = f"ARG PYTHON=python:3.13-slim@{OLD}\nimage: a/b:1.2@{OLD}\nimage: plain:3\n"
    seen = []

    def digest_of(name, tag):
        seen.append((name, tag))
        return NEW

    assert images.renewed(text, digest_of) == text.replace(OLD, NEW)
    assert seen == [("python", "3.13-slim"), ("a/b", "1.2")]

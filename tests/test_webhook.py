"""Drift is told to a webhook: signed, again until it is taken, and once by however many replicas."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import logging
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app.history.kinds import SEEN
from app.settings import SettingsError, load
from app.webhook import Webhook
from tests.console import start_console, until
from tests.databases import db, migrated_file, migrated_postgres_url, postgres_server, sqlite_db
from tests.fake_clock import FakeClock
from tests.history.happened import NOON, happened
from tests.reader import Reader

__all__ = ["db", "migrated_file", "migrated_postgres_url", "postgres_server", "sqlite_db"]

SECRET = "a secret of ours"


class Receiver:
    """A webhook on this machine; `answers` are the statuses that it gives, the last one for ever."""

    def __init__(self):
        self.requests, self.answers = [], [200]
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append((dict(self.headers), body))
                status = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?key=hidden"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def threads():
    with ThreadPoolExecutor(4) as pool:
        yield pool


def seen(db, identity="drift-1", at=NOON):
    happened(db, identity, at, kind="drift", outcome="seen", started_at=at, ended_at=at, asked_by="")


def webhook(db, receiver, clock, threads):
    return Webhook(db, clock, "default", threads, receiver.url, SECRET)


async def test_an_entry_is_sent_once_signed_and_with_a_sentence_for_chats(db, receiver, threads):
    seen(db)
    happened(db, "grant-1")
    hook = webhook(db, receiver, FakeClock(NOON), threads)
    assert await hook.look()
    assert await hook.look()
    [(headers, body)] = receiver.requests
    told = json.loads(body)
    assert told["text"] == (
        "us-east-1: The policy of storefront/web no longer names the image puller role of storefront. "
        "It was changed outside Sailpass."
    )
    assert (told["id"], told["kind"], told["seen_at"]) == ("drift-1", "drift", NOON.isoformat())
    seconds, found = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", headers["X-Sailpass-Signature"]).groups()
    assert found == hmac.new(SECRET.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()


async def test_everything_that_is_seen_is_told(db, receiver, threads):
    for kind in sorted(SEEN):
        happened(db, kind, kind=kind, outcome="seen", started_at=NOON, ended_at=NOON, asked_by="")
    await webhook(db, receiver, FakeClock(NOON), threads).look()
    told = [json.loads(body) for _, body in receiver.requests]
    assert sorted(each["kind"] for each in told) == sorted(SEEN)
    assert all(each["text"].startswith("us-east-1: ") and "outside Sailpass" in each["text"] for each in told)


@pytest.mark.parametrize("status", [500, 404, 302])
async def test_what_is_not_taken_is_sent_again_after_a_pause_and_the_log_holds_no_address(
    db, receiver, threads, status, caplog
):
    caplog.set_level(logging.INFO)
    seen(db)
    receiver.answers = [status, status, 200]
    clock = FakeClock(NOON, jumps=False)
    hook = webhook(db, receiver, clock, threads)
    await hook.look()
    await hook.look()
    assert len(receiver.requests) == 1  # it rests
    for _ in range(4):
        clock.advance(25)
        await hook.look()
    assert len(receiver.requests) == 3
    assert f"({status})" in caplog.text
    assert "hidden" not in caplog.text


async def test_a_clock_that_was_ahead_delays_nothing(db, receiver, threads):
    seen(db, at=NOON + timedelta(hours=3))
    receiver.answers = [500, 200]
    await webhook(db, receiver, FakeClock(NOON + timedelta(hours=3)), threads).look()
    clock = FakeClock(NOON, jumps=False)  # it was set back
    for _ in range(2):
        await webhook(db, receiver, clock, threads).look()
    assert len(receiver.requests) == 2


async def test_it_is_given_up_after_a_day(db, receiver, threads):
    seen(db)
    clock = FakeClock(NOON, jumps=False)
    clock.advance(25 * 3600)
    await webhook(db, receiver, clock, threads).look()
    assert receiver.requests == []


async def test_an_address_where_nobody_listens_keeps_the_entry(db, receiver, threads, caplog):
    seen(db)
    clock = FakeClock(NOON, jumps=False)
    nobody = Webhook(db, clock, "default", threads, "http://127.0.0.1:9/", SECRET)
    assert await nobody.look()
    clock.advance(60)
    await webhook(db, receiver, clock, threads).look()
    assert len(receiver.requests) == 1
    assert "tried again" in caplog.text


async def test_an_answer_that_trickles_in_ends_with_its_time(db, threads, monkeypatch, caplog):
    seen(db)
    monkeypatch.setattr("app.webhook.PATIENCE", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def trickle():
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                for _ in range(40):
                    connection.sendall(b"a")
                    time.sleep(0.25)

        threads.submit(trickle)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        began = time.monotonic()
        await Webhook(db, FakeClock(NOON), "default", threads, url, SECRET).look()
    assert time.monotonic() - began < 8
    assert "TimeoutError" in caplog.text


@pytest.mark.parametrize(
    "settings, sentence",
    [
        ({"webhook_url": "https://example.com/"}, "needs SAILPASS_WEBHOOK_SECRET"),
        ({"webhook_url": "http://example.com/", "webhook_secret": SECRET}, "must begin with https://"),
        ({"webhook_url": "example.com", "webhook_secret": SECRET}, "begins with https://"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_at_the_start(settings, sentence):
    with pytest.raises(SettingsError, match=re.escape(sentence)):
        load(**settings)


def test_the_address_and_the_secret_are_in_no_text_of_the_settings():
    text = repr(load(webhook_url="https://example.com/hidden", webhook_secret=SECRET))
    assert "hidden" not in text
    assert SECRET not in text


def test_access_that_is_removed_outside_is_a_finding_and_told_to_the_webhook(receiver, tmp_path):
    with start_console(tmp_path, webhook_url=receiver.url, webhook_secret=SECRET) as console:
        ken = Reader(console)
        ken.knows()
        ken.ended(ken.adds("tools/cli"))
        console.sandbox.put_policy("tools/cli", None)
        page = "/repositories/us-east-1/tools/cli"  # each look reads the policy, at most once in a few seconds
        until(lambda: console.get(page).text, lambda text: "was removed outside Sailpass" in text)
        told = until(lambda: [json.loads(body) for _, body in receiver.requests])
        assert told[0]["repository"] == "tools/cli"
        found = console.get("/api/v1/findings?repository=tools/cli").json["findings"]
        assert [(each["code"], each["repair"]) for each in found] == [("finding.access_removed", "repair")]
        answer = console.post("/api/v1/services/us-east-1/storefront-web/grants/repair", {"repository": "tools/cli"})
        assert answer.status == 202
        until(lambda: console.get("/api/v1/findings?repository=tools/cli").json["findings"] == [])

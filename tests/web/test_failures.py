"""A request ended from outside gets an accurate answer, or none."""

from __future__ import annotations

import errno
import logging
import os
from contextlib import suppress

import pytest
from fastapi import FastAPI

from app.http import problems
from app.http.validation import OnlyText

PATH = "/api/v1/x"


def application(error: Exception | None = None) -> FastAPI:
    app = FastAPI(dependencies=[OnlyText])

    @app.post("/form")
    @app.get(PATH)
    async def route() -> str:
        if error is not None:
            raise error
        return "done"

    problems.install(app)
    return app


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
async def test_it_is_answered_as_retryable(number):
    answer = await sent(application(OSError(number, os.strerror(number))), "GET", PATH, [])
    assert (answer["status"], dict(answer["headers"])[b"retry-after"]) == (503, b"1")
    assert b'"code":"server.exhausted"' in answer["body"]
    assert b'"retryable":true' in answer["body"]


async def test_a_client_that_goes_away_within_its_form_is_no_failure(caplog):
    caplog.set_level(logging.INFO)
    form = (b"content-type", b"application/x-www-form-urlencoded")
    received = [{"type": "http.request", "body": b"a=", "more_body": True}, {"type": "http.disconnect"}]
    answer = await sent(application(), "POST", "/form", received, form)
    assert (answer["status"], answer["body"]) == (400, b"")
    assert not caplog.records


async def sent(app, method, path, messages, *headers):
    """What the application answers to a request whose body comes as `messages`."""
    answer = {"body": b""}
    waiting = iter([*messages, {"type": "http.request"}])

    async def receive():
        return next(waiting)

    async def send(message):
        answer.update({name: value for name, value in message.items() if name in ("status", "headers")})
        answer["body"] += message.get("body", b"")

    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": list(headers)}
    with suppress(OSError):  # the edge hands on what it has answered
        await app({**scope, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "scheme": "http"}, receive, send)
    return answer

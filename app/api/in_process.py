"""The API without a server, for commands that run it in their own process. Listens on no port."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote, urlsplit

from fastapi import FastAPI

from app.api import v1
from app.auth.authenticator import Authenticator
from app.auth.rules import By, Caller
from app.bootstrap import Services
from app.http import problems
from app.http.routing import add_routes


def api_alone(services: Services, asked_by: str) -> FastAPI:
    """Return an app with the API's routes and refusals on these services, for one authenticated person."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.state.services = services
    add_routes(app, v1.ROUTES)
    app.state.authenticator = Authenticator(services.db, services.clock, services.settings.auth)

    app.state.caller = Caller(asked_by, By.TERMINAL)
    problems.install(app)
    return app


async def call(app: FastAPI, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Send one request to `app` as a server would; return the status and the JSON of the answer."""
    payload = b"" if body is None else json.dumps(body).encode()
    status, parts = 0, []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": payload, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)
        parts.append(message.get("body", b""))

    await app(_scope(method, path, app.state.caller, has_body=body is not None), receive, send)
    return status, json.loads(b"".join(parts))


def _scope(method: str, path: str, caller: Caller, *, has_body: bool) -> dict[str, Any]:
    url = urlsplit(path)
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(url.path),
        "raw_path": url.path.encode(),
        "query_string": url.query.encode(),
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1")] + [(b"content-type", b"application/json")] * has_body,
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 80),
        "state": {"person": caller.person, "caller": caller},  # as the middleware `Authenticate` notes them
    }

"""Every route of the console, for an unknown sender and for tokens of each scope."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from app.auth.scopes import Scope, permits

OPEN = {
    "GET /healthz",
    "GET /readyz",
    "GET /sign-in",
    "POST /sign-in",
    "POST /sign-out",
    "POST /preferences",
}
PAGE_REFUSED, PROGRAM_REFUSED = 303, 401
PARAMETERS = {"region": "us-east-1", "operation_id": "0b7f0a5e-5d3f-4a3e-9a52-6a5d1b7c9e10", "session_id": "a" * 12}


@pytest.fixture
def client(whole, browser) -> httpx.AsyncClient:
    return browser(whole)


def routes(app) -> Iterator[tuple[str, str]]:
    """Every method and path."""
    for route in iter_route_contexts(app.routes):
        for method in sorted(route.methods or ()):
            yield method, route.path


def sent(path: str) -> str:
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda name: PARAMETERS.get(name[1], "web"), path)


def is_for_tokens(path: str) -> bool:
    return path == "/metrics" or path.startswith("/api/")


async def test_without_a_session_or_a_token_only_the_open_routes_answer(whole, client):
    walked = list(routes(whole))
    assert len(walked) > 50
    answered = set()
    for method, path in walked:
        status = (await client.request(method, sent(path))).status_code
        if f"{method} {path}" in OPEN:
            continue
        if status != (PROGRAM_REFUSED if is_for_tokens(path) and path != "/api/docs" else PAGE_REFUSED):
            answered.add(f"{method} {path}")
    assert answered == set()
    assert {f"{method} {path}" for method, path in walked} >= OPEN


@pytest.mark.parametrize("scope", Scope)
async def test_a_token_reaches_what_its_scope_permits_and_no_page(whole, client, new_token, scope):
    headers = {"Authorization": f"Bearer {new_token(scope=scope)}"}
    wrong = []
    for method, path in routes(whole):
        if f"{method} {path}" in OPEN:
            continue
        answer = await client.request(method, sent(path), headers=headers)
        if not is_for_tokens(path):
            refused = answer.status_code == PAGE_REFUSED and answer.headers["location"].startswith("/sign-in")
            wrong += [] if refused else [f"{method} {path}: {answer.status_code}"]
            continue
        refused = answer.status_code == 403 and answer.json()["code"] == "auth.out_of_scope"
        wrong += [] if refused is not permits(scope, method, sent(path)) else [f"{method} {path}: {answer.status_code}"]
    assert wrong == []

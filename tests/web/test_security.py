from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.web.security import middleware
from tests.web.asking import ask

BROWSER = {"Host": "console.example:8000"}


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())), headers={"Cache-Control": "max-age=5"})


@pytest.fixture
def app():
    routes = [Route("/", echo, methods=["GET", "POST"])]
    return Starlette(routes=routes, middleware=middleware(["127.0.0.1", "*.example"], max_body=100))


def test_every_answer_carries_the_policy_of_the_page(app):
    headers = ask(app, "/").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]


def test_refusals_carry_it_too(app):
    answer = ask(app, "/nothing")
    assert (answer.status_code, answer.headers["x-content-type-options"]) == (404, "nosniff")


def test_what_a_route_says_itself_wins(app):
    assert ask(app, "/").headers["cache-control"] == "max-age=5"
    assert ask(app, "/nothing").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("host, status", [("127.0.0.1:8000", 200), ("a.example", 200), ("evil.test", 400), ("", 400)])
def test_only_known_hosts_are_answered(app, host, status):
    assert ask(app, "/", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://console.example:8000"},
        {},
    ],
)
def test_our_own_pages_and_programs_may_write(app, headers):
    assert ask(app, "/", "POST", headers={**BROWSER, **headers}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://console.example:8000"},
        {"Origin": "http://console.example:9000"},
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
    ],
)
def test_other_sites_may_read_but_not_write(app, headers):
    assert ask(app, "/", "POST", headers={**BROWSER, **headers}).status_code == 403
    assert ask(app, "/", headers={**BROWSER, **headers}).status_code == 200


def test_a_cross_origin_write_is_refused_as_it_was_asked_to_be():
    stack = middleware(["*"], refusal=lambda _: PlainTextResponse("our page", 403))
    app = Starlette(routes=[Route("/", echo, methods=["POST"])], middleware=stack)
    assert ask(app, "/", "POST", headers={"Sec-Fetch-Site": "cross-site"}).text == "our page"


def test_more_than_we_take_is_not_read(app):
    assert ask(app, "/", "POST", content=b"x" * 100).text == "100"
    assert ask(app, "/", "POST", content=b"x" * 101).status_code == 413

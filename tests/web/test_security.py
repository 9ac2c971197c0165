from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.http.security import RefusalPages, middleware
from tests.in_process import REGION, in_process_console
from tests.sandbox_server import start_sandbox
from tests.web.asking import ask

BROWSER = {"Host": "console.example:8000"}


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())), headers={"Cache-Control": "max-age=5"})


@pytest.fixture
def app():
    routes = [Route("/", echo, methods=["GET", "POST"]), Route("/static/icon.svg", echo)]
    return Starlette(routes=routes, middleware=middleware(["127.0.0.1", "[::1]", "*.example"], max_body=100))


def test_every_answer_carries_the_policy_of_the_page(app):
    headers = ask(app, "/").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]


def test_refusals_carry_it_too(app):
    answer = ask(app, "/nothing")
    assert (answer.status_code, answer.headers["x-content-type-options"]) == (404, "nosniff")


def test_a_file_carries_only_what_concerns_a_file_and_its_absence_is_a_page(app):
    assert dict(ask(app, "/static/icon.svg").headers) == {
        "content-length": "1",
        "content-type": "text/plain; charset=utf-8",
        "content-security-policy": "default-src 'none'",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "max-age=5",
    }
    absent = ask(app, "/static/nothing").headers
    assert (absent["cache-control"], absent["cross-origin-opener-policy"]) == ("no-store", "same-origin")


def test_what_a_route_says_itself_wins(app):
    assert ask(app, "/").headers["cache-control"] == "max-age=5"
    assert ask(app, "/nothing").headers["cache-control"] == "no-store"


def test_a_request_that_names_several_hosts_is_refused(app):
    for hosts in (("a.example", "evil.test"), ("a.example", "a.example")):
        assert ask(app, "/", headers=[("Host", host) for host in hosts]).status_code == 400


@pytest.mark.parametrize(
    "host, status",
    [
        ("127.0.0.1:8000", 200),
        ("127.0.0.1", 200),
        ("a.example", 200),
        ("A.EXAMPLE:80", 200),
        ("[::1]:8000", 200),
        ("example", 400),
        ("a.example.evil.test", 400),
        ("aexample", 400),
        ("evil.test", 400),
        ("127.0.0.1:8000:1", 400),
        ("127.0.0.1:port", 400),
        ("evil.test@127.0.0.1", 400),
        ("[::1", 400),
        ("::1", 400),
        ("", 400),
    ],
)
def test_only_known_hosts_are_answered(app, host, status):
    assert ask(app, "/", headers={"Host": host}).status_code == status


def test_where_every_host_is_allowed_several_are_refused_nevertheless():
    app = Starlette(routes=[Route("/", echo)], middleware=middleware(["*"]))
    assert ask(app, "/", headers={"Host": "any.test"}).status_code == 200
    assert ask(app, "/", headers=[("Host", "any.test"), ("Host", "other.test")]).status_code == 400


async def test_the_console_names_the_setting_for_an_unknown_host(tmp_path, monkeypatch):
    elsewhere = {"Host": "console.test"}
    with start_sandbox() as sandbox:
        async with in_process_console(tmp_path, sandbox, monkeypatch) as (client, _):
            page = await client.get("/containers", headers=elsewhere)
            answer = await client.get("/api/v1/services", headers=elsewhere)
    assert (page.status_code, page.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert "Add the name to SAILPASS_ALLOWED_HOSTS" in page.text
    assert (answer.status_code, answer.json()["code"]) == (400, "request.unknown_host")


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


ELSEWHERE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://console.example:8000"},
    {"Origin": "http://console.example:9000"},
    {"Origin": "https://evil.test"},
    {"Origin": "http://[evil"},
    {"Origin": "null"},
]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("headers", ELSEWHERE)
def test_what_another_sites_page_sends_by_itself_is_refused(app, method, headers):
    assert ask(app, "/", method, headers={**BROWSER, **headers}).status_code == 403


@pytest.mark.parametrize("mode", ["no-cors", "cors", "same-origin", "websocket"])
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_only_a_visit_from_elsewhere_reads(app, mode, site):
    headers = {**BROWSER, "Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": "empty"}
    assert ask(app, "/", headers=headers).status_code == 403
    headers |= {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert ask(app, "/", headers=headers).status_code == 200
    assert ask(app, "/", "POST", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "more", [{"Sec-Fetch-Dest": "iframe"}, {"Sec-Fetch-Dest": "object"}, {"Sec-Purpose": "prefetch"}]
)
def test_a_frame_and_a_prefetch_are_no_visit(app, more):
    headers = {**BROWSER, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert ask(app, "/", headers={**headers, **more}).status_code == 403


def test_static_files_may_be_fetched_from_anywhere(app):
    headers = {**BROWSER, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert ask(app, "/static/x", headers=headers).status_code == 404
    assert ask(app, "/static/x", "POST", headers=headers).status_code == 403


def test_refusals_are_told_as_the_application_wants():
    async def say(_: Request) -> PlainTextResponse:
        return PlainTextResponse("our page", 418)

    stack = middleware(["127.0.0.1"], refusals=RefusalPages(say, say, say), max_body=100)
    app = Starlette(routes=[Route("/", echo, methods=["POST"])], middleware=stack)
    assert ask(app, "/", "POST", headers={"Host": "evil.test"}).text == "our page"
    assert ask(app, "/", "POST", headers={"Sec-Fetch-Site": "cross-site"}).text == "our page"
    assert ask(app, "/", "POST", content=b"x" * 101).text == "our page"


def test_more_than_we_take_is_not_read(app):
    assert ask(app, "/", "POST", content=b"x" * 100).text == "100"
    assert ask(app, "/", "POST", content=b"x" * 101).status_code == 413


def test_a_body_that_does_not_say_how_large_it_is_is_measured(app):
    async def pieces():
        for _ in range(11):
            yield b"x" * 10

    assert ask(app, "/", "POST", content=pieces()).status_code == 413


@pytest.mark.parametrize("path, status", [("/", 200), ("/sign-in", 413), ("/preferences", 413)])
def test_who_has_not_signed_in_may_send_less(path, status):
    async def pieces():
        for _ in range(40):
            yield b"&" * 1024

    app = Starlette(routes=[Route(path, echo, methods=["POST"])], middleware=middleware(["127.0.0.1"]))
    assert ask(app, path, "POST", content=b"&" * 40 * 1024).status_code == status
    assert ask(app, path, "POST", content=pieces()).status_code == status
    assert ask(app, path, "POST", content=b"&" * 30 * 1024).status_code == 200


async def test_another_sites_page_cannot_make_us_call_aws(tmp_path, monkeypatch):
    path = f"/containers/{REGION}/storefront-web/repositories/preview?kind=revoke&repository=storefront/web"
    embedded = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    visit = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    with start_sandbox() as sandbox:
        async with in_process_console(tmp_path, sandbox, monkeypatch) as (client, _):
            sandbox.clear_calls()
            refused = {(await client.get(path, headers=embedded)).status_code for _ in range(60)}
            calls = sandbox.calls()
            followed = await client.get(path, headers=visit)
    assert (refused, calls, followed.status_code) == ({403}, [], 200)

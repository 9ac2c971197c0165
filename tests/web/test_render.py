from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from app.web.render import Renderer, nothing_new, redirect, refuse, render, safe_next
from app.web.views.frame import Shell
from tests.web.asking import PARTIAL, ask
from tests.web.examples import Examples

EXAMPLES = Examples()


@pytest.fixture
def app(environment):
    def answer(request: Request):
        how = request.path_params["how"]
        return {
            "page": lambda: render(request, EXAMPLES.images(), headers={"X-Own": "1"}),
            "redirect": lambda: redirect(request, "/containers"),
            "refused": lambda: refuse(request, 500),
            "nothing": nothing_new,
        }[how]()

    app = Starlette(routes=[Route("/{how}", answer, methods=["GET", "POST"])])
    app.state.renderer = Renderer(environment)
    return app


def test_a_reader_gets_a_page_and_htmx_a_part_of_it(app):
    page, part = ask(app, "/page").text, ask(app, "/page", headers=PARTIAL).text
    assert page.lower().startswith("<!doctype html>")
    assert BeautifulSoup(part, "html.parser").find(True)["id"] == "images-body"


def test_caches_are_told_what_an_answer_hangs_on(app):
    answer = ask(app, "/page")
    assert answer.headers["vary"] == "HX-Request, Cookie, Accept-Language"
    assert answer.headers["x-own"] == "1"


def test_browsers_keep_the_page_that_answers_a_form_and_no_other(app):
    assert ask(app, "/page", "POST").headers["cache-control"] == "private, no-cache"
    assert ask(app, "/refused", "POST").headers["cache-control"] == "private, no-cache"
    assert "cache-control" not in ask(app, "/page").headers
    assert "cache-control" not in ask(app, "/page", "POST", headers=PARTIAL).headers


def test_a_form_is_redirected_by_status_and_htmx_by_header(app):
    assert ask(app, "/redirect", "POST").status_code == 303
    assert ask(app, "/redirect", "POST", headers=PARTIAL).headers["hx-redirect"] == "/containers"


def test_a_poll_with_the_newest_picture_gets_nothing(app):
    assert ask(app, "/nothing", headers=PARTIAL).status_code == 204


@pytest.mark.parametrize(
    "target, path, slot",
    [
        ("div#modal-body", "/refused", "#modal-flash"),
        ("section#list", "/refused", "#flash"),
        ("div#x", "/refused?place=dialog", "#modal-flash"),
    ],
)
def test_a_refusal_is_told_where_the_reader_looks(app, target, path, slot):
    answer = ask(app, path, headers={**PARTIAL, "HX-Target": target})
    assert answer.status_code == 500
    assert f'hx-target="{slot}"' in answer.text


def test_a_refusal_without_htmx_is_a_page(app):
    assert "<h1>Something went wrong</h1>" in ask(app, "/refused").text


@pytest.mark.parametrize("url", ["/containers?q=a b", "/", "/a/b#c"])
def test_the_way_back_may_be_any_page_of_ours(url):
    assert safe_next(url) == url


@pytest.mark.parametrize(
    "url", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\nb"]
)
def test_the_way_back_never_leads_to_another_site(url):
    assert safe_next(url) == "/"


@pytest.mark.parametrize(
    "cookie, shown", [("dark", 'data-theme="dark"'), ("light", 'data-theme="light"'), ("evil", "<html lang")]
)
def test_the_theme_is_the_readers(app, cookie, shown):
    page = ask(app, "/page", headers={"Cookie": f"sailpass_theme={cookie}"}).text
    assert shown in page
    assert "evil" not in page


def test_preferences_lead_back_to_the_page_they_were_changed_on(app):
    page = BeautifulSoup(ask(app, "/page?added=a%2Fb").text, "html.parser")
    assert page.select_one("footer input[name=next]")["value"] == "/page?added=a%2Fb"


def test_the_banner_says_that_sign_in_is_off(gallery):
    views = {"containers": EXAMPLES.containers()}
    assert "Sign-in is off" in ask(gallery(views, Shell(auth="none")), "/p/containers").text
    assert "Sign-in is off" not in ask(gallery(views), "/p/containers").text

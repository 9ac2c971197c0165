from __future__ import annotations

import asyncio
import logging
from http.cookies import SimpleCookie

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import text

from app.auth import sign_in_links, tokens
from app.auth.events import list_events
from app.auth.scopes import Scope
from app.auth.secret import fingerprint, new_secret, short_id
from app.db import Database
from app.migrate import migrate
from app.web.routes.sign_in import landing
from tests.auth.conftest import MIKA
from tests.fake_clock import FakeClock

SESSION = "sailpass_session_8000"
SECURE_SESSION = "__Host-sailpass_session_443"
PAGE = "/containers"
NOW = FakeClock().now()


async def sign_in(browser, link, **form):
    return await browser.post("/sign-in", data={"link": link, **form})


def cookie_of(answer):
    return next(iter(SimpleCookie(answer.headers["set-cookie"]).values()))


async def test_a_stranger_is_sent_to_sign_in_and_back(browser):
    answer = await browser().get("/history?service=blog&page=2")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fhistory%3Fservice%3Dblog%26page%3D2"


async def test_a_stranger_learns_nothing_about_which_pages_exist(browser):
    assert (await browser().get("/no-such-page")).status_code == 303


IN_A_PAGE = {"HX-Request": "true", "HX-Current-URL": "http://127.0.0.1:8000/containers?q=a"}


async def test_a_dialog_that_is_opened_leads_to_sign_in_and_back_to_the_page(browser):
    answer = await browser().get(f"{PAGE}/new", headers={**IN_A_PAGE, "HX-Target": "div#modal-body"})
    assert answer.headers["hx-redirect"] == "/sign-in?next=%2Fcontainers%3Fq%3Da"


@pytest.mark.parametrize("method, target", [("POST", "div#modal-body"), ("GET", "div#repository-options"), ("GET", "")])
async def test_a_part_of_a_page_keeps_what_was_entered_and_says_where_to_sign_in(browser, method, target):
    answer = await browser().request(method, PAGE, headers={**IN_A_PAGE, "HX-Target": target})
    assert (answer.status_code, "hx-redirect" in answer.headers) == (401, False)
    said = BeautifulSoup(answer.text, "html.parser").select_one("hx-partial")
    assert said["hx-target"] == ("#modal-flash" if target else "#flash")
    assert said.select_one("a")["href"] == "/sign-in?next=%2Fcontainers%3Fq%3Da"
    # What a page asks for by itself, such as how an operation goes, sends nothing.
    assert ("Nothing was sent" in said.text) is (method == "POST")


async def test_a_plain_form_of_a_session_that_ended_is_kept_to_be_sent_again(browser):
    answer = await browser().post(PAGE, data={"repository": '"><b>team/app', "principal": ["a", "b"]})
    page = BeautifulSoup(answer.text, "html.parser")
    form = page.select_one("main form")
    assert (answer.status_code, form["method"], form["action"]) == (401, "post", PAGE)
    sent = [(field["name"], field["value"]) for field in form.select("input")]
    assert sent == [("repository", '"><b>team/app'), ("principal", "a"), ("principal", "b")]


async def test_a_form_without_fields_leads_to_sign_in_alone(browser):
    assert (await browser().post(PAGE)).headers["location"] == "/sign-in"
    long = await browser().post(PAGE, data={"repository": "x" * 32 * 1024})
    assert long.status_code in (303, 413)


@pytest.mark.parametrize("path", ["/api/v1/services", "/metrics"])
async def test_a_program_is_told_in_json(browser, path):
    answer = await browser().get(path)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["code"] == "auth.sign_in_needed"


async def test_the_documentation_of_the_api_is_read_by_people(browser):
    assert (await browser().get("/api/docs")).headers["location"] == "/sign-in?next=%2Fapi%2Fdocs"


@pytest.mark.parametrize("path", ["/healthz", "/static/app.css", "/sign-in"])
async def test_what_is_open_is_answered_to_anybody(browser, path):
    assert (await browser().get(path)).status_code == 200


async def test_opening_a_link_asks_and_does_not_use_it_up(browser, link):
    for _ in range(3):
        page = BeautifulSoup((await browser().get(f"/sign-in?link={link}&next=/history")).text, "html.parser")
        form = page.select_one("main form[method=post][action='/sign-in']")
    assert form.button.text == "Sign in"
    answer = await sign_in(browser(), **{field["name"]: field["value"] for field in form.select("input")})
    assert answer.headers["location"] == "/history"


async def test_a_link_lets_one_browser_in(browser, link):
    mine = browser()
    answer = await sign_in(mine, link, next="/history?page=2")
    assert (answer.status_code, answer.headers["location"]) == (303, "/history?page=2")
    assert (await mine.get(PAGE)).json() == {"person": "mika"}


async def test_a_link_is_worth_nothing_to_a_second_browser(browser, link):
    await sign_in(browser(), link)
    second = browser()
    answer = await sign_in(second, link)
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    assert (await second.get(PAGE)).status_code == 303


async def test_of_two_browsers_at_once_one_gets_in(browser, console, link):
    app = console()
    answers = await asyncio.gather(*(sign_in(browser(app), link) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [303, 403, 403, 403]


async def test_a_link_that_is_too_old_is_worth_nothing(browser, link, clock):
    clock.advance(15 * 60)
    assert (await sign_in(browser(), link)).status_code == 403


@pytest.mark.parametrize("way", ["GET", "POST"])
async def test_wrong_used_and_old_links_are_answered_alike(browser, new_link, clock, way):
    voided, used = new_link(), new_link()
    await sign_in(browser(), used)
    old = new_link()
    pages = set()
    for link in (new_secret(), "nonsense", used, voided):
        pages.add(await the_answer(browser(), way, link))
    clock.advance(15 * 60)
    assert pages == {await the_answer(browser(), way, old)}


async def the_answer(browser, way, link) -> tuple[int, str]:
    sent = {"params": {"link": link}} if way == "GET" else {"data": {"link": link}}
    answer = await browser.request(way, "/sign-in", **sent)
    return answer.status_code, BeautifulSoup(answer.text, "html.parser").main.text


async def test_a_form_without_a_link_is_a_wrong_one(browser):
    assert (await browser().post("/sign-in")).status_code == 403


async def test_whoever_sends_too_many_wrong_links_has_to_wait(browser, console):
    app = console()
    statuses = [(await sign_in(browser(app), new_secret())).status_code for _ in range(10)]
    answer = await sign_in(browser(app), new_secret())
    assert statuses == [403] * 9 + [429]
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    assert (await sign_in(browser(app, address="192.0.2.7"), new_secret())).status_code == 403


@pytest.mark.parametrize("way", ["GET", "POST"])
async def test_wrong_links_on_a_foreign_page_do_not_lock_out_whoever_has_the_right_one(browser, console, link, way):
    app = console()
    for _ in range(30):
        await the_answer(browser(app), way, new_secret())
    mine = browser(app)
    assert (await mine.get("/sign-in", params={"link": link})).status_code == 200
    assert (await sign_in(mine, link)).status_code == 303


async def test_on_http_the_cookie_is_out_of_reach_for_scripts_and_other_sites(browser, link):
    cookie = cookie_of(await sign_in(browser(), link))
    assert (cookie.key, cookie["httponly"], cookie["samesite"], cookie["path"]) == (SESSION, True, "lax", "/")
    assert (cookie["secure"], cookie["domain"]) == ("", "")


async def test_on_https_the_cookie_is_secure_and_of_this_host_alone(browser, link):
    mine = browser(base="https://console.test")
    cookie = cookie_of(await sign_in(mine, link))
    assert (cookie.key, cookie["secure"], cookie["httponly"]) == (SECURE_SESSION, True, True)
    assert (await mine.get(PAGE)).status_code == 200


@pytest.fixture
def other(console, tmp_path):
    """Another console with data of its own, and a link to it."""
    database, link = Database(f"sqlite:///{tmp_path / 'other.db'}"), new_secret()
    migrate(database)
    sign_in_links.add_link(database, fingerprint(link), MIKA, NOW)
    yield console(database=database), link
    database.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_two_consoles_on_one_host_do_not_sign_each_other_out(browser, console, link, other, scheme):
    other_console, other_link = other
    first = browser(console(), base=f"{scheme}://console.test:8000")
    second = browser(other_console, base=f"{scheme}://console.test:8001")
    first.cookies = second.cookies  # one browser, which sends a host's cookies to every port of it
    assert [(await sign_in(*each)).status_code for each in ((first, link), (second, other_link))] == [303, 303]
    assert [(await each.get(PAGE)).status_code for each in (first, second)] == [200, 200]
    await second.post("/sign-out")
    assert [(await each.get(PAGE)).status_code for each in (first, second)] == [200, 303]


async def test_the_proxys_word_about_https_is_not_taken_from_anybody(browser, link):
    answer = await browser().post("/sign-in", data={"link": link}, headers={"X-Forwarded-Proto": "https"})
    assert cookie_of(answer)["secure"] == ""


async def test_signing_out_ends_the_session_for_good(browser, link):
    mine = browser()
    cookie = cookie_of(await sign_in(mine, link)).value
    answer = await mine.post("/sign-out")
    assert (answer.headers["location"], mine.cookies.get(SESSION)) == ("/sign-in", None)
    assert (await mine.get(PAGE, headers={"Cookie": f"{SESSION}={cookie}"})).status_code == 303


async def test_signing_out_without_a_session_harms_nobody(browser):
    assert (await browser().post("/sign-out")).headers["location"] == "/sign-in"


async def test_another_site_can_neither_sign_out_nor_in(browser, link):
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert (await browser().post("/sign-out", headers=headers)).status_code == 403
    assert (await browser().post("/sign-in", data={"link": link}, headers=headers)).status_code == 403


async def test_whoever_is_signed_in_passes_by_the_sign_in_page(browser, link, new_link):
    mine = browser()
    await sign_in(mine, link)
    second = new_link()
    assert (await mine.get(f"/sign-in?link={second}&next=/history")).headers["location"] == "/history"
    assert (await sign_in(browser(), second)).status_code == 303


async def test_replicas_share_sessions_and_their_end(browser, console, db, link, clock):
    other_db = Database(db.url)
    here, there = browser(console()), browser(console(database=other_db))
    await sign_in(here, link)
    there.cookies = here.cookies
    assert (await there.get(PAGE)).json() == {"person": "mika"}
    await browser(console()).post("/sign-out", headers={"Cookie": f"{SESSION}={here.cookies[SESSION]}"})
    clock.advance(5)
    assert (await there.get(PAGE)).status_code == 303
    other_db.close()


async def test_a_token_lets_a_program_into_the_api_and_the_figures(browser, new_token):
    headers = {"Authorization": f"Bearer {new_token()}"}
    for path in ("/api/v1/services", "/metrics"):
        assert (await browser().get(path, headers=headers)).json() == {"person": "token:builds"}


async def test_a_token_opens_no_page(browser, new_token):
    answer = await browser().get(PAGE, headers={"Authorization": f"Bearer {new_token()}"})
    assert answer.status_code == 303


async def test_a_token_writes_without_saying_where_it_comes_from(browser, new_token):
    answer = await browser().post("/api/v1/services", headers={"Authorization": f"Bearer {new_token()}"})
    assert answer.status_code == 200


async def test_a_session_writes_to_the_api_from_our_own_pages_alone(browser, link):
    mine = browser()
    await sign_in(mine, link)
    own = await mine.post("/api/v1/services", headers={"Sec-Fetch-Site": "same-origin"})
    other = await mine.post("/api/v1/services", headers={"Sec-Fetch-Site": "cross-site"})
    assert (own.status_code, other.status_code) == (200, 403)


async def test_a_wrong_token_is_refused_though_the_cookie_is_good(browser, link):
    mine = browser()
    await sign_in(mine, link)
    answer = await mine.get("/api/v1/services", headers={"Authorization": f"Bearer sailpass_{new_secret()}"})
    assert answer.status_code == 401


async def test_a_revoked_token_is_refused_within_seconds(browser, db, clock, new_token):
    program, headers = browser(), {"Authorization": f"Bearer {new_token()}"}
    assert (await program.get("/api/v1/services", headers=headers)).status_code == 200
    tokens.revoke_token(db, "builds", MIKA, clock.now())
    clock.advance(5)
    assert (await program.get("/api/v1/services", headers=headers)).status_code == 401


async def test_a_token_is_refused_what_its_scope_does_not_include_and_told_so(browser, new_token, db):
    headers = {"Authorization": f"Bearer {new_token('ci', scope=Scope.READ)}"}
    assert (await browser().get("/api/v1/services", headers=headers)).status_code == 200
    answer = await browser(address="192.0.2.7").post("/api/v1/services", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "auth.out_of_scope")
    assert answer.json()["params"] == {"name": "token:ci", "scope": "read"}
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope"'
    event = list_events(db).events[0]
    assert (event.kind, event.person, event.address) == ("scope_refused", "token:ci", "192.0.2.7")
    assert event.subject == "POST /api/v1/services"


@pytest.mark.postgres
async def test_whatever_is_refused_can_be_recorded(browser, console, any_db, clock):
    token = "sailpass_" + new_secret()
    facts = tokens.TokenFacts("ci", "mika", clock.now(), None, None, Scope.READ)
    tokens.add_token(any_db, fingerprint(token), facts, MIKA)
    headers = {"Authorization": f"Bearer {token}", "User-Agent": b"caf\xe9 " + b"x" * 999}
    path = "/api/v1/a%00b%0a%ff" + "y" * 999
    answer = await browser(console(database=any_db)).post(path, headers=headers)
    assert answer.status_code == 403
    event, _ = list_events(any_db).events
    assert event.subject.startswith("POST /api/v1/a\N{REPLACEMENT CHARACTER}b")
    assert (len(event.subject), len(event.browser)) == (255, 255)


async def test_a_token_for_metrics_reaches_nothing_else(browser, new_token):
    headers = {"Authorization": f"Bearer {new_token(scope=Scope.METRICS)}"}
    assert (await browser().get("/metrics", headers=headers)).status_code == 200
    assert (await browser().get("/api/v1/services", headers=headers)).status_code == 403


async def test_signing_in_and_out_is_recorded_with_where_it_came_from(browser, console, link, db):
    mine = browser(console(), address="192.0.2.7")
    mine.headers["User-Agent"] = "Firefox/140"
    await sign_in(mine, new_secret())
    await sign_in(mine, link)
    session = short_id(fingerprint(mine.cookies[SESSION]))
    await mine.post("/sign-out")
    events = list_events(db).events[::-1][1:]  # without the link's own
    assert [(event.kind, event.person, event.subject) for event in events] == [
        ("link_refused", "", ""),
        ("signed_in", "mika", session),
        ("signed_out", "mika", session),
    ]
    assert {(event.address, event.browser) for event in events} == {("192.0.2.7", "Firefox/140")}


async def test_without_sign_in_everybody_is_local_and_needs_no_way_in(browser, console):
    mine = browser(console("none"))
    assert (await mine.get(PAGE)).json() == {"person": "local"}
    assert (await mine.get("/sign-in?next=/history")).headers["location"] == "/history"


async def test_without_sign_in_another_name_of_this_computer_is_refused(browser, console):
    assert (await browser(console("none"), base="http://rebound.example").get(PAGE)).status_code == 400


OFF_SITE = (
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil",
    "/\t/evil.example",
    "javascript:x",
    "",
)
CIRCLES = ("/sign-in", "/sign-in?next=/x", "/sign-out", "/static/x", "/" + "x" * 2000)


@pytest.mark.parametrize("url", [*OFF_SITE, *CIRCLES])
async def test_next_leads_neither_off_the_site_nor_in_circles(browser, link, url):
    assert landing(url) == "/"
    assert (await sign_in(browser(), link, next=url)).headers["location"] == "/"


async def test_no_secret_is_logged_or_stored(browser, db, new_token, link, caplog):
    caplog.set_level(logging.DEBUG)
    mine, token, wrong = browser(), new_token(scope=Scope.READ), new_secret()
    for tried in (wrong, link, link):
        await mine.get("/sign-in", params={"link": tried})
        await sign_in(mine, tried)
    for shown in (token, wrong):
        await mine.get("/api/v1/services", headers={"Authorization": f"Bearer {shown}"})
        await mine.post("/api/v1/services", headers={"Authorization": f"Bearer {shown}"})
    # The test's own client tells each address that it asks for.
    logged = " ".join(record.getMessage() for record in caplog.records if not record.name.startswith("http"))
    secrets = (link, token, wrong, mine.cookies[SESSION])
    assert not [secret for secret in secrets if secret in logged + everything_in(db)]


def everything_in(db) -> str:
    tables = ("sign_in_links", "sign_in_sessions", "api_tokens", "sign_in_events")
    with db.read() as session:
        rows = [str(list(session.execute(text(f"SELECT * FROM {table}")))) for table in tables]
    assert all("mika" in row for row in rows)
    return " ".join(rows)

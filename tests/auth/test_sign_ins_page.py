"""The page of sign-ins and the same over the API: what is listed, what is ended, and that it is then refused."""

from __future__ import annotations

import csv

import pytest
from bs4 import BeautifulSoup

from app.auth import sign_in_links
from app.auth.events import Actor, Via, list_events
from app.auth.scopes import Scope
from app.auth.secret import fingerprint, new_secret, short_id

SESSION = "sailpass_session_8000"
NOTHING = "\N{EN DASH}"


@pytest.fixture
def signs_in(whole, browser, db, clock):
    """Signs a person in with a browser of their own."""

    async def sign_in(person="mika", address="127.0.0.1", user_agent="Firefox/140"):
        link, client = new_secret(), browser(whole, address=address)
        sign_in_links.add_link(db, fingerprint(link), Actor(person, Via.TERMINAL), clock.now())
        client.headers["User-Agent"] = user_agent
        assert (await client.post("/sign-in", data={"link": link})).status_code == 303
        return client

    return sign_in


def id_of(client) -> str:
    return short_id(fingerprint(client.cookies[SESSION]))


async def region(client, name: str):
    """A part of the page, by its heading."""
    page = BeautifulSoup((await client.get("/sign-ins")).text, "html.parser")
    heading = next(each for each in page.find_all("h2") if each.get_text().strip().startswith(name))
    return heading.find_parent("section")


async def rows(client, name: str) -> list[list[str]]:
    table = await region(client, name)
    return [
        [" ".join(cell.get_text(" ", strip=True).split()) for cell in row.find_all(["th", "td"])]
        for row in table.select("tbody tr")
    ]


async def confirmed(client, address: str, **fields: str):
    """Open a dialog, and do what it asks."""
    dialog = BeautifulSoup((await client.get(address, params=fields)).text, "html.parser")
    form = dialog.select_one("main form[method=post]:has(button.danger)")
    values = {field["name"]: field["value"] for field in form.select("input[type=hidden]")}
    return await client.post(form["action"], data=values)


async def is_let_in(client) -> bool:
    return (await client.get("/history")).status_code == 200


async def test_sessions_are_listed_with_whose_they_are_where_they_began_and_which_is_this(signs_in, clock):
    mine = await signs_in()
    clock.advance(3600)
    kens = await signs_in("ken", "192.0.2.7", "Mozilla/5.0 (iPhone) Safari/604.1")
    listed = await rows(kens, "Sessions")
    assert [row[:4] for row in listed] == [
        [f"Safari, iPhone This browser {id_of(kens)}", "ken", "Now", "Mar 1, 2026 13:00 UTC 192.0.2.7"],
        [f"Firefox {id_of(mine)}", "mika", "Mar 1, 2026 12:00 UTC", "Mar 1, 2026 12:00 UTC 127.0.0.1"],
    ]


async def test_a_session_that_is_ended_is_refused_at_once_and_the_others_go_on(signs_in, db):
    mine, other = await signs_in(), await signs_in()
    answer = await confirmed(mine, "/sign-ins/sessions/end", id=id_of(other))
    assert answer.headers["location"] == "/sign-ins"
    assert [await is_let_in(client) for client in (mine, other)] == [True, False]
    event = list_events(db).events[0]
    assert (event.kind, event.person, event.via, event.subject) == ("session_ended", "mika", "session", id_of(other))


async def test_whoever_ends_their_own_session_is_signed_out(signs_in):
    mine = await signs_in()
    answer = await mine.post("/sign-ins/sessions/end", data={"id": id_of(mine)})
    assert (answer.headers["location"], mine.cookies.get(SESSION)) == ("/sign-in", None)


async def test_signing_out_everywhere_ends_all_sessions_of_the_person_alone(signs_in):
    mine, other, kens = await signs_in(), await signs_in(), await signs_in("ken")
    cookie = mine.cookies[SESSION]
    assert [await is_let_in(client) for client in (mine, other, kens)] == [True, True, True]
    answer = await confirmed(mine, "/sign-ins/sessions/end-all")
    assert answer.headers["location"] == "/sign-in"
    mine.cookies.set(SESSION, cookie, domain="127.0.0.1")
    assert [await is_let_in(client) for client in (mine, other, kens)] == [False, False, True]


async def test_a_revoked_token_is_refused_at_once_and_the_others_go_on(signs_in, new_token):
    mine, tokens = await signs_in(), [new_token("builds"), new_token("deploys")]

    async def statuses() -> list[int]:
        answers = [await mine.get("/api/v1/identity", headers={"Authorization": f"Bearer {token}"}) for token in tokens]
        return [answer.status_code for answer in answers]

    assert await statuses() == [200, 200]
    await confirmed(mine, "/sign-ins/tokens/revoke", name="builds")
    assert await statuses() == [401, 200]
    assert [row[0] for row in await rows(mine, "Tokens")] == ["deploys Created Mar 1, 2026 12:00 UTC by mika"]


async def test_tokens_are_listed_with_what_they_may_do_and_how_long(signs_in, new_token, clock):
    mine, now = await signs_in(), clock.now()
    new_token("ci", expires_at=now.replace(month=4), scope=Scope.READ)
    new_token("forever", scope=Scope.METRICS)
    new_token("old", expires_at=now)
    assert [(row[0].split()[0], *row[1:4]) for row in await rows(mine, "Tokens")] == [
        ("ci", "Read", NOTHING, "Apr 1, 2026 12:00 UTC"),
        ("forever", "Metrics", NOTHING, "Never"),
        ("old", "Change", NOTHING, "Expired Mar 1, 2026 12:00 UTC"),
    ]


async def test_a_revoked_link_signs_nobody_in(signs_in, new_link, browser, whole):
    mine, link = await signs_in(), new_link()
    listed = await region(mine, "Open sign-in links")
    assert link not in str(listed)
    assert [row[0] for row in await rows(mine, "Open sign-in links")] == [short_id(fingerprint(link))]
    await confirmed(mine, "/sign-ins/links/revoke", id=short_id(fingerprint(link)))
    assert (await browser(whole).post("/sign-in", data={"link": link})).status_code == 403


@pytest.mark.parametrize(
    "path, fields",
    [
        ("/sign-ins/sessions/end", {"id": "0123456789ab"}),
        ("/sign-ins/sessions/end", {"id": "%"}),
        ("/sign-ins/links/revoke", {"id": "0123456789ab"}),
        ("/sign-ins/tokens/revoke", {"name": "nobody"}),
    ],
)
async def test_what_is_not_there_is_told_and_nothing_ends(signs_in, new_link, path, fields):
    mine, _ = await signs_in(), new_link()
    assert (await mine.post(path, data=fields)).status_code == 404
    assert await is_let_in(mine)
    assert len(await rows(mine, "Open sign-in links")) == 1


async def test_every_link_is_revoked_by_the_terminal_alone(signs_in, new_link):
    mine, _ = await signs_in(), new_link()
    assert (await mine.post("/sign-ins/links/revoke", data={"id": ""})).status_code == 422
    assert len(await rows(mine, "Open sign-in links")) == 1


async def test_what_happened_is_told_in_words(signs_in, new_token, browser, whole):
    for _ in range(4):
        await browser(whole, address="192.0.2.9").post("/sign-in", data={"link": new_secret()})
    new_token("ci", scope=Scope.READ)
    mine = await signs_in(address="192.0.2.7")
    told = [(row[0], row[2], row[3]) for row in await rows(mine, "Activity")]
    assert told[0][0].startswith(f"Signed in {id_of(mine)} · Sign-in link ")
    assert told[0][1:] == ("mika Sign-in link", "192.0.2.7 Firefox")
    assert told[1][0].startswith("Sign-in link created ")
    assert told[2] == ("Token created ci · Scope: read. Doesn't expire.", "mika Terminal", NOTHING)
    refused, who, address = told[3]
    assert (refused, who) == ("Sign-in link refused 4 times or more", f"{NOTHING} Sign-in link")
    assert address.startswith("192.0.2.9 ")


async def test_the_record_is_read_page_by_page(signs_in, new_link):
    mine = await signs_in()
    for _ in range(60):
        new_link()
    page = BeautifulSoup((await mine.get("/sign-ins")).text, "html.parser")
    older = page.find("a", rel="next")["href"]
    second = BeautifulSoup((await mine.get(older)).text, "html.parser")
    assert len(second.select("#activity tbody tr")) == 12
    assert second.find("a", rel="prev")["href"].startswith("/sign-ins?newer=")


@pytest.mark.parametrize(
    "place", ["older=x", "older=-1", "newer=99999999999999999999", "older=%F0%9F%98%80", "older=²"]
)
async def test_a_place_that_is_none_shows_the_newest(signs_in, place):
    mine = await signs_in()
    assert "Signed in" in (await mine.get(f"/sign-ins?{place}")).text


async def test_the_record_can_be_taken_along(signs_in):
    mine = await signs_in(user_agent="=1+1")
    table = await mine.get("/sign-ins/export.csv")
    newest, *_ = csv.DictReader(table.text.splitlines())
    assert (newest["kind"], newest["browser"]) == ("signed_in", "'=1+1")
    assert table.headers["content-disposition"] == 'attachment; filename="sailpass-sign-ins.csv"'
    listed = (await mine.get("/sign-ins/export.json")).json()
    assert [event["kind"] for event in listed] == ["signed_in", "link_created"]


async def test_programs_read_the_record_and_the_sessions_and_end_one(signs_in, new_token):
    mine = await signs_in()
    reader, writer = (
        {"Authorization": f"Bearer {new_token(scope, scope=scope)}"} for scope in (Scope.READ, Scope.CHANGE)
    )
    (session,) = (await mine.get("/api/v1/sessions", headers=reader)).json()["sessions"]
    assert (session["id"], session["is_this"], session["browser"]) == (id_of(mine), False, "Firefox/140")
    assert (await mine.get("/api/v1/sessions")).json()["sessions"][0]["is_this"] is True
    newest = (await mine.get("/api/v1/sign-ins?limit=1", headers=reader)).json()
    older = (await mine.get(f"/api/v1/sign-ins?before={newest['next']}", headers=reader)).json()
    assert [event["kind"] for event in (*newest["events"], *older["events"])] == [
        "token_created",
        "token_created",
        "signed_in",
        "link_created",
    ]
    path = f"/api/v1/sessions/{session['id']}"
    assert (await mine.delete(path, headers=reader)).status_code == 403
    assert await is_let_in(mine)
    assert (await mine.delete(path, headers=writer)).json() == {"id": id_of(mine)}
    assert not await is_let_in(mine)
    assert (await mine.delete(path, headers=writer)).status_code == 404


async def test_nothing_of_a_secret_is_on_the_page_or_in_a_file(signs_in, new_token, new_link):
    mine = await signs_in()
    secrets = (new_token(), new_link(), mine.cookies[SESSION])
    hashes = [fingerprint(secret) for secret in secrets]
    for path in ("/sign-ins", "/sign-ins/export.json", "/sign-ins/export.csv", "/api/v1/sessions", "/api/v1/sign-ins"):
        text = (await mine.get(path)).text
        assert not [secret for secret in (*secrets, *hashes) if secret in text], path

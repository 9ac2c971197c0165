"""Commands beside a server with sign-in: tokens, links, and the token of a local command."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest

from app.auth.operator import operator_name
from tests.cli.running import quickly, without
from tests.console import start_console, until


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    with start_console(tmp_path_factory.mktemp("signed"), auth="local") as running:
        yield running


@pytest.fixture
def elsewhere(console, tmp_path):
    """The same server, for a user who cannot read its data."""
    return {**console.environment, "SAILPASS_DATA_DIR": str(tmp_path)}


def test_whoever_owns_the_data_needs_no_token(console):
    ran = quickly(without(console.environment, "SAILPASS_URL"), "grant", "storefront-web", "edge/cache", "--json")
    assert ran.status == 0
    assert ran.json["asked_by"] == f"command:{operator_name()}"


def test_the_token_that_was_lent_is_taken_back(console):
    quickly(console.environment, "status")
    assert "command:" not in quickly(console.environment, "token", "--list").out


def test_others_are_told_how_to_get_one(elsewhere):
    ran = quickly(elsewhere, "status")
    assert ran.status == 5
    assert "requires a token" in ran.err


def test_a_printed_token_lets_a_program_in_until_it_is_revoked(console, elsewhere):
    token = quickly(console.environment, "token", "deploy-bot").out.strip()
    program = {**elsewhere, "SAILPASS_TOKEN": token}
    assert quickly(program, "status").status == 0
    assert quickly(console.environment, "token", "--revoke", "deploy-bot").status == 0
    until(lambda: quickly(program, "status").status, lambda status: status == 5)
    assert "deploy-bot" not in quickly(console.environment, "token", "--list").out


@pytest.mark.parametrize("words", [("token", "x"), ("session", "--list"), ("sign-in-link",)])
def test_a_database_that_cannot_be_used_is_one_sentence(tmp_path, words):
    (tmp_path / "sailpass.db").write_text("no database" * 100)
    ran = quickly({"SAILPASS_DATA_DIR": str(tmp_path)}, *words)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"sailpass: {tmp_path / 'sailpass.db'} is not a Sailpass database")


@pytest.mark.parametrize("scope", ["read", "metrics"])
def test_a_token_that_may_not_change_anything_says_so(console, elsewhere, scope):
    token = quickly(console.environment, "token", f"only-{scope}", "--scope", scope).out.strip()
    ran = quickly({**elsewhere, "SAILPASS_TOKEN": token}, "grant", "storefront-web", "edge/cache")
    assert ran.status == 5
    assert f"token:only-{scope} has the scope “{scope}”" in ran.err
    assert "--scope change" in ran.err


def test_a_token_that_may_change_acts_under_its_own_name(console, elsewhere):
    token = quickly(console.environment, "token", "deployer", "--scope", "change").out.strip()
    ran = quickly({**elsewhere, "SAILPASS_TOKEN": token}, "grant", "storefront-web", "edge/cache", "--json")
    assert ran.json["asked_by"] == "token:deployer"


def test_a_token_says_when_it_expires(console):
    ran = quickly(console.environment, "token", "nightly", "--expires", "30d", "--scope", "metrics")
    assert re.match(r"Token nightly: scope metrics, expires \d{4}-\d\d-\d\d \d\d:\d\d UTC\.", ran.err)
    assert re.fullmatch(r"sailpass_[A-Za-z0-9_-]{43}\n", ran.out)
    forever = quickly(console.environment, "token", "forever", "--expires", "never")
    assert "expires never" in forever.err
    listed = quickly(console.environment, "token", "--list").out
    assert re.search(r"^nightly\tmetrics\t", listed, re.MULTILINE)
    assert forever.out.strip() not in listed


def test_the_lists_are_printed_as_json_by_the_names_of_the_api_and_without_secrets(console):
    secret = quickly(console.environment, "token", "in-json", "--scope", "read", "--expires", "never").out.strip()
    cookie = signed_in(console)
    link = quickly(console.environment, "sign-in-link").out.strip().partition("?link=")[2]
    ran = {
        command: quickly(console.environment, command, "--list", "--json")
        for command in ("token", "session", "sign-in-link")
    }
    token = next(each for each in ran["token"].json["tokens"] if each["name"] == "in-json")
    assert set(token) == {"name", "scope", "created_by", "created_at", "expires_at", "used_at"}
    assert (token["scope"], token["expires_at"], token["used_at"]) == ("read", None, None)
    assert datetime.fromisoformat(token["created_at"]).utcoffset() == timedelta(0)
    (session, *_) = ran["session"].json["sessions"]
    assert set(session) == {"id", "person", "created_at", "seen_at", "expires_at", "address", "browser"}
    (listed,) = ran["sign-in-link"].json["links"]
    assert set(listed) == {"id", "person", "created_at", "expires_at"}
    everything = "".join(each.out for each in ran.values())
    assert not [each for each in (secret, link, cookie.partition("=")[2]) if each in everything]
    assert quickly(console.environment, "session", "--revoke", "--all").status == 0


def test_a_token_that_counts_for_nothing_is_told(elsewhere):
    ran = quickly({**elsewhere, "SAILPASS_TOKEN": "sailpass_" + "A" * 43}, "status")
    assert ran.status == 5
    assert "rejected the token" in ran.err


def test_a_link_is_printed_listed_and_revoked(console):
    ran = quickly(console.environment, "sign-in-link", "--base", "https://console.example")
    assert ran.out.startswith("Sign in: https://console.example/sign-in?link=")
    secret = ran.out.strip().partition("?link=")[2]
    (line,) = quickly(console.environment, "sign-in-link", "--list").out.splitlines()
    assert secret not in line
    assert console.get(f"/sign-in?link={secret}").status == 200
    assert quickly(console.environment, "sign-in-link", "--revoke", line.partition("\t")[0]).status == 0
    assert quickly(console.environment, "sign-in-link", "--list").out == ""
    assert console.get(f"/sign-in?link={secret}").status == 403


def test_every_link_can_be_revoked(console):
    secret = quickly(console.environment, "sign-in-link").out.strip().partition("?link=")[2]
    assert quickly(console.environment, "sign-in-link", "--revoke", "--all").status == 0
    assert console.get(f"/sign-in?link={secret}").status == 403


@pytest.mark.parametrize("by_id", [True, False])
def test_a_session_is_listed_and_ended(console, by_id):
    cookie = signed_in(console)
    (line,) = quickly(console.environment, "session", "--list").out.splitlines()
    assert line.endswith("\t127.0.0.1\tFirefox, Linux")
    assert console.get("/history", Cookie=cookie).status == 200
    which = line.partition("\t")[0] if by_id else "--all"
    assert quickly(console.environment, "session", "--revoke", which).status == 0
    until(lambda: console.get("/history", Cookie=cookie).status, lambda status: status == 303)
    ran = quickly(console.environment, "session", "--list")
    assert (ran.out, ran.err) == ("", "sailpass: No browsers are signed in.\n")


def signed_in(console) -> str:
    """A new session's cookie."""
    link = urlsplit(quickly(console.environment, "sign-in-link").out.strip()).query
    form = {"Content_Type": "application/x-www-form-urlencoded", "Sec_Fetch_Site": "same-origin"}
    answer = console.post("/sign-in", link, User_Agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", **form)
    return answer.headers["set-cookie"].partition(";")[0]


def test_nothing_is_printed_where_there_is_no_database(elsewhere):
    ran = quickly(elsewhere, "token")
    assert (ran.status, ran.out) == (2, "")
    assert "There is no database" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("token", "--list", "--revoke", "x"),
        ("token", "name", "--list"),
        ("token", "--revoke", "x", "--scope", "read"),
        ("token", "name", "--expires", "0"),
        ("token", "name", "--expires", ""),
        ("token", "name", "--scope", "everything"),
        ("sign-in-link", "--list", "--revoke", "--all"),
        ("sign-in-link", "--revoke"),
        ("sign-in-link", "--all"),
        ("sign-in-link", "--revoke", "0123456789ab", "--all"),
        ("sign-in-link", "--revoke", "0123456789ab"),
        ("sign-in-link", "--list", "--base", "https://console.example"),
        ("session",),
        ("session", "--revoke", "--all", "--json"),
        ("token", "name", "--json"),
        ("sign-in-link", "--json"),
        ("session", "--revoke", "0123456789ab"),
    ],
)
def test_what_is_asked_for_in_two_ways_or_is_not_there_is_refused(console, words):
    ran = quickly(console.environment, *words)
    assert (ran.status, ran.out) == (2, "")

"""A restored backup brings back only the history: no sign-in, no token, no running work, no AWS inventory."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.cli.running import quickly
from tests.console import RunningConsole, start_console, until
from tests.reader import FORM
from tests.sandbox_server import start_sandbox

IDENTITY = "/api/v1/identity"
OPERATIONS = "/api/v1/operations"


@dataclass(frozen=True)
class Ways:
    """Ways in that counted when the backup was made, and no longer did when it was restored."""

    link_used_before: str
    link_used_since: str
    cookie: str
    token: str


def link_of(address: str) -> str:
    return parse_qs(urlsplit(address.strip()).query)["link"][0]


def sign_in(console: RunningConsole, link: str):
    return console.post("/sign-in", urlencode({"link": link}), **FORM)


def cookie_of(answer) -> str:
    return answer.headers["set-cookie"].partition(";")[0]


def ways_in(console: RunningConsole) -> Ways:
    used = link_of(console.sign_in_link)
    answer = sign_in(console, used)
    assert answer.status == 303
    unused = link_of(quickly(console.environment, "sign-in-link").out)
    return Ways(used, unused, cookie_of(answer), quickly(console.environment, "token", "ci").out.strip())


@pytest.fixture(scope="module")
def restored(tmp_path_factory):
    """The console on a backup that was made while a grant ran, which has been revoked since; and the old ways in."""
    folder = tmp_path_factory.mktemp("restored")
    with (
        start_sandbox(activation_seconds=600) as sandbox,
        start_console(folder, sandbox=sandbox, auth="local") as console,
    ):
        ways = ways_in(console)
        operation = quickly(console.environment, "grant", "legacy-blog", "tools/cli", "--no-wait").out.strip()
        until(lambda: quickly(console.environment, "status", operation).out, lambda out: "Wait for the role" in out)
        assert quickly(console.environment, "backup", str(folder / "copy.db")).status == 0
        sandbox.advance(600)
        until(lambda: quickly(console.environment, "status", operation).out, lambda out: "can now pull" in out)
        assert sign_in(console, ways.link_used_since).status == 303
        assert quickly(console.environment, "revoke", "legacy-blog", "tools/cli").status == 0
        assert quickly(console.environment, "token", "--revoke", "ci").status == 0
        assert console.post("/sign-out", "", Cookie=ways.cookie, **FORM).status == 303
        console.process.terminate()
        console.process.wait(20)
        sandbox.clear_calls()
        ran = quickly(console.environment, "restore", str(folder / "copy.db"))
        assert (ran.status, "1 operation was running" in ran.out) == (0, True)
        console.start_again()
        yield console, ways, operation


def test_a_token_that_was_revoked_stays_revoked(restored):
    console, ways, _ = restored
    assert console.get(IDENTITY, Authorization=f"Bearer {ways.token}").status == 401


def test_a_browser_that_signed_out_stays_signed_out(restored):
    console, ways, _ = restored
    answer = console.get("/containers", Cookie=ways.cookie)
    assert (answer.status, answer.headers["location"]) == (303, "/sign-in?next=%2Fcontainers")


@pytest.mark.parametrize("which", ["link_used_before", "link_used_since"])
def test_no_link_of_that_time_lets_anybody_in(restored, which):
    console, ways, _ = restored
    assert sign_in(console, getattr(ways, which)).status == 403


def test_what_was_running_is_not_carried_out_again(restored):
    console, _, operation = restored
    shown = quickly(console.environment, "status", operation, "--json").json
    assert (shown["outcome"], shown["can_retry"], shown["problem"]) == ("interrupted", True, None)
    assert [step["state"] for step in shown["steps"]] == ["succeeded", "interrupted", "interrupted", "interrupted"]
    assert "legacy-blog" not in str(console.sandbox.policy("tools/cli")["policy"])
    assert console.sandbox.calls("ecr:Set*") + console.sandbox.calls("lightsail:Update*") == []


def test_its_exit_status_and_the_list_say_interrupted(restored):
    console, _, operation = restored
    ran = quickly(console.environment, "status", operation)
    assert (ran.status, "A backup was restored" in ran.out) == (6, True)
    assert operation in quickly(console.environment, "history", "--outcome", "interrupted").out


@pytest.fixture(scope="module")
def cookie(restored):
    """A session created since."""
    console, _, _ = restored
    return cookie_of(sign_in(console, link_of(console.sign_in_link)))


def test_its_page_says_so_and_offers_to_retry(restored, cookie):
    console, _, operation = restored
    page = console.get(f"/operations/{operation}", Cookie=cookie, Accept_Language="en").text
    assert "A backup was restored that was made while this was running." in page
    assert f'action="/operations/{operation}/retry"' in page
    assert "Interrupted" in console.get("/history?outcome=interrupted", Cookie=cookie, Accept_Language="en").text
    assert ",interrupted," in console.get("/history/export.csv", Cookie=cookie).text


def test_it_can_be_retried(restored, cookie):
    console, _, operation = restored
    answer = console.post(f"/operations/{operation}/retry", "", Cookie=cookie, **FORM)
    again = answer.headers["location"].rpartition("/")[2]
    ran = quickly(console.environment, "status", again, "--wait")
    assert (answer.status, ran.status, again != operation) == (303, 0, True)
    assert "legacy-blog" in str(console.sandbox.policy("tools/cli")["policy"])

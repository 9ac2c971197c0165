"""Behind the proxy of compose.yaml a client cannot choose the address that is recorded for it."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.auth.secret import new_secret
from tests.console import start_console

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = (ROOT / "compose" / "proxy.conf").read_text()
CLIENT, SPOOFED = "203.0.113.9", "198.51.100.1"
# What nginx puts in the place of its variables for a client that sends an address of its own choice.
VARIABLES = {"$remote_addr": CLIENT, "$proxy_add_x_forwarded_for": f"{SPOOFED}, {CLIENT}"}


def client_seen(forwarded: str) -> str:
    """Return the client address that the application sees, from a uvicorn that trusts the proxy."""
    seen = {}

    async def app(scope, receive, send):
        seen.update(scope)

    scope = {"type": "http", "client": ("172.18.0.5", 1), "headers": [(b"x-forwarded-for", forwarded.encode())]}
    asyncio.run(ProxyHeadersMiddleware(app, trusted_hosts="*")({**scope, "scheme": "http"}, None, None))
    return str(seen["client"][0])


def test_the_proxy_tells_the_address_that_it_sees_itself():
    told = re.findall(r"^\s*proxy_set_header X-Forwarded-For (\S+);", CONFIGURATION, re.MULTILINE)
    assert [client_seen(VARIABLES[variable]) for variable in told] == [CLIENT]


def test_an_appended_address_would_be_the_clients_choice():
    assert client_seen(VARIABLES["$proxy_add_x_forwarded_for"]) == SPOOFED


@pytest.mark.parametrize("trusted, recorded", [(None, "127.0.0.1"), ("127.0.0.1", SPOOFED)])
def test_a_program_on_this_machine_is_believed_only_where_it_is_named_as_the_proxy(
    tmp_path, monkeypatch, trusted, recorded
):
    if trusted is not None:
        monkeypatch.setenv("FORWARDED_ALLOW_IPS", trusted)
    form = {"Content_Type": "application/x-www-form-urlencoded", "X_Forwarded_For": SPOOFED}
    with start_console(tmp_path, auth="local") as console:
        console.post("/sign-in", f"link={new_secret()}", **form)
        with closing(sqlite3.connect(console.data_dir / "sailpass.db")) as database:
            addresses = database.execute("select address from sign_in_events where address != ''").fetchall()
    assert addresses == [(recorded,)]


@pytest.mark.parametrize(
    "limit", ["client_header_timeout", "client_body_timeout", "client_max_body_size", "limit_conn"]
)
def test_the_proxy_has_limits_of_its_own(limit):
    assert re.search(rf"^\s*{limit} \S", CONFIGURATION, re.MULTILINE)

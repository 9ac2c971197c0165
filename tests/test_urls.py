"""URLs for display: everything that may be a user or password is hidden."""

from __future__ import annotations

import os

import pytest

from app.client.http import Http
from app.errors import Problem
from app.messages.problems import what_happened, what_to_do
from app.settings import SettingsError, load
from app.urls import server_address, without_password
from tests.cli.running import quickly, sailpass
from tests.console import free_port

CANARY = "canary7"


@pytest.mark.parametrize(
    "url, shown",
    [
        ("http://host:8000/path", "http://host:8000/path"),
        ("http://u:canary7@host/x", "http://***@host/x"),
        ("http://canary7@host", "http://***@host"),
        ("u:canary7@host:80", "***@host:80"),
        ("http://u:canary7@canary7@host", "http://***@host"),
        ("http://u:can/canary7@host", "http://***@host"),
        ("postgresql://host/db?password=canary7&x=1", "postgresql://host/db?password=***&x=1"),
        ("postgresql://host/db?user=canary7", "postgresql://host/db?user=***"),
        ("", ""),
    ],
)
def test_it_hides_what_may_be_secret_and_nothing_else(url, shown):
    assert without_password(url) == shown


@pytest.mark.parametrize(
    "url", ["https://a..b/", f"https://{'a' * 64}", "http://host/ä", "http://host/a b", "http://h/\udcff"]
)
def test_what_no_request_can_be_sent_to_is_no_address(url):
    assert server_address(url) is None


@pytest.mark.parametrize("url", ["https://例え.jp/console", "http://[::1]:8000", "http://a_b:8000/?x=%20"])
def test_a_host_may_be_of_any_language(url):
    assert server_address(url) is not None


ADDRESSES = [
    f"http://mika:{CANARY}@127.0.0.1:8000",
    f"https://mika:{CANARY}@console.example",
    f"http://{CANARY}@127.0.0.1",
    f"mika:{CANARY}@127.0.0.1:8000",
    f"http://mika:{CANARY}@127.0.0.1:port",
    f"http://mika:{CANARY}@[::1",
    f"ftp://mika:{CANARY}@host",
    f"http://mika:{CANARY}@",
]


@pytest.mark.parametrize("url", ADDRESSES)
def test_no_password_in_a_servers_address_is_told(url):
    with pytest.raises(Problem) as refused:
        Http(url)
    told = f"{refused.value} {what_happened(refused.value)} {what_to_do(refused.value)} {refused.value.to_json()}"
    assert CANARY not in told
    assert "***@" in told


# None of these leads anywhere; each is wrong at another place.
DATABASES = [
    f"postgresql+psycopg://sailpass:{CANARY}@127.0.0.1:9/none",
    f"postgresql+psycopg://sailpass:{CANARY}@no-such-host.invalid/none",
    f"postgresql+psycopg://sailpass:{CANARY}@127.0.0.1:port/none",
    f"postgresql+psycopg://sailpass:p@{CANARY}@127.0.0.1:9/none",
    f"postgresql+psycopg://sailpass:p@{CANARY}:x@127.0.0.1:9/none",
    f"postgresql+psycopg://sailpass:{CANARY}@127.0.0.1:99999/none",
    f"postgresql+psycopg://127.0.0.1:9/none?password={CANARY}",
    f"postgresql+psycopg://127.0.0.1:9/none?password={CANARY}&no_such_option=1",
    f"postgresql://sailpass:{CANARY}@127.0.0.1/none",
    f"mysql://sailpass:{CANARY}@127.0.0.1/none",
    f"{CANARY}://sailpass@127.0.0.1/none",
    f"sailpass:{CANARY}@127.0.0.1/none",
    f"sqlite://sailpass:{CANARY}@host/none",
]


@pytest.mark.parametrize("url", DATABASES)
def test_no_password_of_a_database_is_told(tmp_path, url):
    environment = {"SAILPASS_DATABASE_URL": url, "SAILPASS_PORT": "9", "SAILPASS_DATA_DIR": str(tmp_path)}
    for words in (("migrate",), ("history",), ("after-restore",)):
        ran = quickly(environment, *words)
        assert CANARY not in ran.out + ran.err
        assert (ran.status in (1, 2), ran.err != "") == (True, True), ran


@pytest.mark.parametrize("url", [DATABASES[0], DATABASES[3], DATABASES[7]])
def test_no_server_tells_it(tmp_path, url):
    environment = {**os.environ, "SAILPASS_DATABASE_URL": url, "SAILPASS_PORT": str(free_port())}
    ran = sailpass({**environment, "SAILPASS_DATA_DIR": str(tmp_path)}, "serve")
    assert CANARY not in ran.out + ran.err
    assert (ran.status, ran.err.count("\n")) == (2, 1), ran.err


@pytest.mark.parametrize("url", DATABASES)
def test_settings_never_show_it(url):
    try:
        shown = repr(load(database_url=url))
    except SettingsError as error:
        shown = str(error)
    assert CANARY not in shown


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x.db?uri=true"])
def test_an_sqlite_url_names_a_file(url):
    with pytest.raises(SettingsError, match=r"SAILPASS_DATABASE_URL: name a file: sqlite:////path/to/sailpass\.db\."):
        load(database_url=url)

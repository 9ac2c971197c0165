"""Values of settings that can't be used: each is refused at the start, with its name and without a secret."""

from __future__ import annotations

import pytest

from app.settings import SettingsError, check_usable, load

CANARY = "canary7"


def refusal(monkeypatch, name: str, value: str, **more: str) -> str:
    for variable, content in {name: value, **more}.items():
        monkeypatch.setenv(variable, content)
    with pytest.raises(SettingsError) as refused:
        load()
    return str(refused.value)


@pytest.mark.parametrize("name", ["HOST", "PORT", "DATA_DIR", "INSTANCE", "AUTH", "LOG_FORMAT", "HISTORY_DAYS"])
def test_an_empty_value_is_named_as_such(monkeypatch, name):
    said = refusal(monkeypatch, f"SAILPASS_{name}", "")
    assert said == f"SAILPASS_{name}: it is empty; leave it out for the default."


@pytest.mark.parametrize("name", ["DATABASE_URL", "REGIONS", "ALLOWED_HOSTS", "WEBHOOK_URL", "WEBHOOK_SECRET"])
def test_where_empty_is_the_default_it_is_taken(monkeypatch, name):
    monkeypatch.setenv(f"SAILPASS_{name}", "")
    assert load()


@pytest.mark.parametrize("name", ["HOST", "REGIONS", "ALLOWED_HOSTS", "DATABASE_URL", "WEBHOOK_SECRET"])
def test_bytes_that_are_no_text_are_refused(monkeypatch, name):
    said = refusal(monkeypatch, f"SAILPASS_{name}", "a\udcff")
    assert said == f"SAILPASS_{name}: it isn't text in UTF-8."


@pytest.mark.parametrize(
    "name, value, said",
    [
        ("PORT", "abc", "write a whole number from 1 to 65535."),
        ("PORT", "65536", "write a whole number from 1 to 65535."),
        ("ROLE_WAIT_SECONDS", "15m", "write a whole number from 10 to 86400."),
        ("SANDBOX_ACTIVATION_SECONDS", "nan", "write a number from 0 to 3600."),
        ("AUTH", "off", "write local or none."),
        ("LOG_FORMAT", "JSON", "write text or json."),
        ("INSTANCE", "a b", "write at most 64 letters, digits and the characters . _ -."),
        (
            "HOST",
            "http://localhost",
            "“http://localhost” is no host; write a name or an address, without a scheme or a port.",
        ),
        ("HOST", "127.0.0.1:80", "“127.0.0.1:80” is no host; write a name or an address, without a scheme or a port."),
        ("REGIONS", "us-east-1,all", "“all” is every Region; write only all, or only the names of Regions."),
    ],
)
def test_what_a_setting_takes_is_said_in_plain_words(monkeypatch, name, value, said):
    assert refusal(monkeypatch, f"SAILPASS_{name}", value) == f"SAILPASS_{name}: {said}"


def test_an_ipv6_address_is_a_host(monkeypatch):
    monkeypatch.setenv("SAILPASS_HOST", "::1")
    assert load().host == "::1"


def test_a_folder_may_have_any_name(monkeypatch):
    monkeypatch.setenv("SAILPASS_DATA_DIR", "a\udcff")
    assert str(load().data_dir) == "a\udcff"


def test_a_folder_in_the_home_folder_is_there(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SAILPASS_DATA_DIR", "~/sailpass")
    assert load().data_dir == tmp_path / "sailpass"
    assert load(data_dir="~/other").data_dir == tmp_path / "other"


def test_nobodys_home_folder_is_refused(monkeypatch):
    said = refusal(monkeypatch, "SAILPASS_DATA_DIR", "~no-such-user-7/data")
    assert said == "SAILPASS_DATA_DIR: “~no-such-user-7” is nobody's home folder; write the whole path."


def test_more_days_than_the_calendar_has_are_refused(monkeypatch):
    """Times before the year 1 can't be computed: nothing would ever be deleted."""
    assert refusal(monkeypatch, "SAILPASS_HISTORY_DAYS", "4000000").startswith("SAILPASS_HISTORY_DAYS: ")


@pytest.mark.parametrize(
    "url",
    [
        f"https://[{CANARY}",
        f"https://host:99999/{CANARY}",
        f"https://host:port/{CANARY}",
        f"https://host/a b/{CANARY}",
        f"https://host/日本/{CANARY}",
        f"https://例え.jp/{CANARY}",
        f"https://a..b/{CANARY}",
        f"https://{'a' * 64}/{CANARY}",
        f"https://mika:{CANARY}@host/",
        f"https:///{CANARY}",
    ],
)
def test_an_address_that_no_delivery_could_be_sent_to_is_refused(monkeypatch, url):
    said = refusal(monkeypatch, "SAILPASS_WEBHOOK_URL", url, SAILPASS_WEBHOOK_SECRET="x")
    assert said.startswith("SAILPASS_WEBHOOK_URL: write an address ")
    assert CANARY not in said


def test_a_folder_that_is_a_file_is_said_to_be_none(monkeypatch, tmp_path):
    (tmp_path / "data").touch()
    monkeypatch.setattr("app.settings.check_port", lambda *_: None)
    with pytest.raises(SettingsError, match=r"cannot be written \(Not a directory\)"):
        check_usable(load(data_dir=tmp_path / "data"))

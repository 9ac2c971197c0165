from __future__ import annotations

import getpass
from datetime import timedelta

import pytest

from app.auth import store, terminal
from app.auth.gate import Gate
from app.auth.rules import By, Shown
from app.errors import Problem
from app.settings import Settings, SettingsError


@pytest.fixture
def settings(db, tmp_path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
def gate(db, clock) -> Gate:
    return Gate(db, clock, "local")


def test_a_printed_link_signs_in_whoever_printed_it(settings, gate, clock, capsys):
    terminal.print_link(settings, clock=clock)
    line = capsys.readouterr().out.strip()
    address, _, link = line.partition("?link=")
    assert address == "Sign in: http://127.0.0.1:8000/sign-in"
    assert gate.find(Shown(By.SESSION, gate.sign_in(link, "a"))).person == getpass.getuser()


def test_another_link_may_be_printed_while_one_is_open(settings, gate, clock, capsys):
    terminal.print_link(settings, clock=clock)
    terminal.print_link(settings, clock=clock)
    links = [line.partition("?link=")[2] for line in capsys.readouterr().out.split("\n") if line]
    assert len(set(links)) == 2
    assert all(gate.sign_in(link, "a") for link in links)


def test_a_link_may_name_the_address_that_browsers_know(settings, capsys):
    terminal.print_link(settings, base="https://sailpass.example.com/")
    assert capsys.readouterr().out.startswith("Sign in: https://sailpass.example.com/sign-in?link=")


@pytest.mark.parametrize(
    "host, allowed, address",
    [
        ("127.0.0.1", "", "http://127.0.0.1:8000"),
        ("::1", "", "http://[::1]:8000"),
        ("0.0.0.0", "*.example.com,console.example.com", "http://console.example.com:8000"),
        ("0.0.0.0", "[2001:db8::1]", "http://[2001:db8::1]:8000"),
        ("0.0.0.0", "*", "http://0.0.0.0:8000"),
    ],
)
def test_a_link_names_a_host_that_a_browser_may_use(host, allowed, address):
    assert terminal.reachable_at(Settings(host=host, allowed_hosts=allowed)) == address


def test_no_link_is_printed_where_nobody_signs_in(settings):
    with pytest.raises(SettingsError, match="nothing to sign in to"):
        terminal.print_link(settings.model_copy(update={"auth": "none"}))


def test_a_database_that_is_not_there_is_named_and_not_made(tmp_path):
    with pytest.raises(SettingsError, match="no database in"):
        terminal.print_link(Settings(data_dir=tmp_path / "elsewhere"))
    assert not (tmp_path / "elsewhere").exists()


def test_a_token_is_printed_alone_so_that_a_script_can_take_it(settings, gate, clock, capsys):
    terminal.print_token(settings, "builds", clock=clock)
    printed = capsys.readouterr()
    assert gate.find(Shown(By.TOKEN, printed.out.strip())).person == "builds"
    assert "Token builds, good until it is revoked" in printed.err


def test_a_token_without_a_name_gets_one_of_its_maker(settings, capsys):
    terminal.print_token(settings)
    terminal.print_token(settings)
    names = [token.name for token in terminal.list_tokens(settings)]
    assert len(set(names)) == 2
    assert all(terminal.TOKEN_NAME.fullmatch(name) for name in names)


def test_a_token_may_end(settings, db, clock, capsys):
    terminal.print_token(settings, "builds", days=30, clock=clock)
    assert store.list_tokens(db)[0].expires_at == clock.now() + timedelta(days=30)


@pytest.mark.parametrize("name", ["a b", "-a", "a\n", "x" * 65, "é", "a/b"])
def test_a_name_that_would_not_read_well_in_history_is_refused(settings, name):
    with pytest.raises(Problem, match=r"auth\.token_bad_name"):
        terminal.print_token(settings, name)


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_an_end_in_the_past_or_too_far_off_is_refused(settings, days):
    with pytest.raises(Problem, match=r"auth\.token_bad_days"):
        terminal.print_token(settings, "builds", days=days)


def test_the_list_names_tokens_without_their_secrets(settings, clock, capsys):
    terminal.print_token(settings, "builds", clock=clock)
    token = capsys.readouterr().out.strip()
    terminal.print_tokens(settings)
    line = capsys.readouterr().out
    assert line == f"builds\t{getpass.getuser()}\t2026-03-01\tfor good\tnever used\n"
    assert token not in line


def test_a_revoked_token_is_gone(settings, capsys):
    terminal.print_token(settings, "builds")
    terminal.revoke_token(settings, "builds")
    assert terminal.list_tokens(settings) == ()


def test_a_person_whom_the_system_cannot_name_is_the_owner(monkeypatch):
    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", unknown)
    assert terminal.operator_name() == "owner"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "console.example.com"])
def test_no_sign_in_works_on_loopback_alone(host):
    with pytest.raises(ValueError, match="SAILPASS_AUTH=none works only on a loopback host"):
        Settings(auth="none", host=host, allowed_hosts="localhost")


@pytest.mark.parametrize("hosts", ["*", "console.example.com", "localhost,*.example.com"])
def test_no_sign_in_works_under_loopback_names_alone(hosts):
    with pytest.raises(ValueError, match="SAILPASS_AUTH=none works only under loopback names"):
        Settings(auth="none", allowed_hosts=hosts)


def test_no_sign_in_works_under_every_loopback_name():
    assert Settings(auth="none", allowed_hosts="localhost,127.0.0.1,[::1]").auth == "none"


@pytest.mark.parametrize("hosts", ["https://a.example", "a.example:8000", "a*b", "a b"])
def test_a_host_that_could_never_match_is_refused(hosts):
    with pytest.raises(ValueError, match="is no host name"):
        Settings(allowed_hosts=hosts)

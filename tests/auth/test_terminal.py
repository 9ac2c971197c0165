from __future__ import annotations

from datetime import timedelta

import pytest

from app.auth import terminal
from app.auth.authenticator import Authenticator
from app.auth.events import list_events
from app.auth.operator import operator_name
from app.auth.rules import By, Shown, Source
from app.auth.scopes import Scope
from app.auth.secret import fingerprint, short_id
from app.errors import Problem
from app.settings import Settings, SettingsError

DAY = timedelta(days=1)
HERE = Source("192.0.2.1", "Firefox/140")


@pytest.fixture
def settings(db, tmp_path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
def authenticator(db, clock) -> Authenticator:
    return Authenticator(db, clock, "local")


def secret_of(address: str) -> str:
    return address.partition("?link=")[2]


def test_a_new_link_signs_in_whoever_made_it(settings, authenticator, clock):
    address = terminal.create_link(settings, clock=clock)
    assert address.startswith("http://127.0.0.1:8000/sign-in?link=")
    session = authenticator.sign_in(secret_of(address), HERE)
    assert authenticator.find(Shown(By.SESSION, session)).person == operator_name()


def test_a_new_link_voids_the_one_before(settings, authenticator, clock):
    first, second = (secret_of(terminal.create_link(settings, clock=clock)) for _ in range(2))
    assert authenticator.sign_in(first, HERE) is None
    assert authenticator.sign_in(second, HERE) is not None


def test_a_server_on_sqlite_prints_a_link_at_its_start_which_voids_the_one_before(settings, db, capsys):
    terminal.create_link(settings)
    terminal.print_start_link(settings)
    line = capsys.readouterr().out.strip()
    assert line.startswith("Sign in: http://127.0.0.1:8000/sign-in?link=")
    assert [link.id for link in terminal.list_links(settings)] == [short_id(fingerprint(secret_of(line)))]
    assert list_events(db).events[0].via == "server"


@pytest.mark.postgres
def test_a_replica_prints_no_link_at_its_start_and_says_how_to_get_one(migrated_postgres_url, capsys):
    settings = Settings(database_url=migrated_postgres_url)
    before = terminal.create_link(settings)
    terminal.print_start_link(settings)
    assert capsys.readouterr().out == "Sign in: run “sailpass sign-in-link --base URL”.\n"
    assert [link.id for link in terminal.list_links(settings)] == [short_id(fingerprint(secret_of(before)))]


def test_a_link_may_name_the_address_that_browsers_know(settings):
    address = terminal.create_link(settings, base="https://sailpass.example.com/")
    assert address.startswith("https://sailpass.example.com/sign-in?link=")


@pytest.mark.parametrize("by_id", [True, False])
def test_a_revoked_link_signs_nobody_in(settings, authenticator, clock, by_id):
    link = secret_of(terminal.create_link(settings, clock=clock))
    assert terminal.revoke_links(settings, short_id(fingerprint(link)) if by_id else "", clock=clock) == 1
    assert authenticator.sign_in(link, HERE) is None
    assert terminal.list_links(settings, clock=clock) == ()


def test_a_link_that_is_not_there_is_named(settings):
    with pytest.raises(Problem, match=r"auth\.link_not_found"):
        terminal.revoke_links(settings, "0123456789ab")
    assert terminal.revoke_links(settings) == 0


@pytest.mark.parametrize("by_id", [True, False])
def test_a_session_can_be_ended_from_the_terminal(settings, authenticator, link, clock, by_id):
    shown = Shown(By.SESSION, authenticator.sign_in(link, HERE))
    (session,) = terminal.list_sessions(settings, clock=clock)
    assert (session.person, session.address) == ("mika", "192.0.2.1")
    assert terminal.end_sessions(settings, session.id if by_id else "", clock=clock) == 1
    assert authenticator.find(shown) is None


def test_a_session_that_is_not_there_is_named(settings):
    with pytest.raises(Problem, match=r"auth\.session_not_found"):
        terminal.end_sessions(settings, "0123456789ab")
    assert terminal.end_sessions(settings) == 0


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


def test_no_link_is_made_where_nobody_signs_in(settings):
    with pytest.raises(SettingsError, match="nothing to sign in to"):
        terminal.create_link(settings.model_copy(update={"auth": "none"}))


def test_a_database_that_is_not_there_is_named_and_not_made(tmp_path):
    with pytest.raises(SettingsError, match="no database in"):
        terminal.create_link(Settings(data_dir=tmp_path / "elsewhere"))
    assert not (tmp_path / "elsewhere").exists()


def test_a_token_counts_with_the_scope_that_was_asked_for(settings, authenticator, clock):
    made = terminal.create_token(settings, "builds", scope=Scope.METRICS, clock=clock)
    caller = authenticator.find(Shown(By.TOKEN, made.secret))
    assert (caller.person, caller.scope) == ("token:builds", Scope.METRICS)


def test_a_token_may_read_unless_more_is_asked_for(settings, clock):
    assert terminal.create_token(settings, "builds", clock=clock).facts.scope is Scope.READ


def test_a_token_without_a_name_gets_one_of_its_maker(settings):
    names = {terminal.create_token(settings).facts.name for _ in range(2)}
    assert len(names) == 2
    assert all(terminal.TOKEN_NAME.fullmatch(name) for name in names)


@pytest.mark.parametrize(
    "expires, lifetime",
    [("", 90 * DAY), ("30d", 30 * DAY), ("30", 30 * DAY), ("1", DAY), ("3650d", 3650 * DAY)],
)
def test_a_token_counts_until_its_last_day(settings, authenticator, clock, expires, lifetime):
    made = terminal.create_token(settings, "builds", expires=expires, clock=clock)
    clock.advance(lifetime.total_seconds() - 1)
    assert authenticator.find(Shown(By.TOKEN, made.secret)) is not None
    clock.advance(1)
    assert authenticator.find(Shown(By.TOKEN, made.secret)) is None


def test_a_token_may_never_expire(settings, authenticator, clock):
    made = terminal.create_token(settings, "builds", expires="never", clock=clock)
    clock.advance(5000 * 86400)
    assert authenticator.find(Shown(By.TOKEN, made.secret)) is not None


@pytest.mark.parametrize("name", ["a b", "-a", "a\n", "x" * 65, "é", "a/b", "token:ci", "command:mika"])
def test_a_name_that_would_not_read_well_in_history_is_refused(settings, name):
    with pytest.raises(Problem, match=r"auth\.token_bad_name"):
        terminal.create_token(settings, name)


@pytest.mark.parametrize("expires", ["0", "-1", "3651", "30h", "never ", "d", "1e3", "9" * 99])
def test_an_end_in_the_past_too_far_off_or_unreadable_is_refused(settings, expires):
    with pytest.raises(Problem, match=r"auth\.token_bad_expiry"):
        terminal.create_token(settings, "builds", expires=expires)


def test_the_list_holds_no_secret(settings, clock):
    made = terminal.create_token(settings, "builds", clock=clock)
    (facts,) = terminal.list_tokens(settings)
    assert facts == made.facts
    assert made.secret not in str(facts)


def test_a_revoked_token_is_refused(settings, authenticator, clock):
    made = terminal.create_token(settings, "builds", clock=clock)
    other = terminal.create_token(settings, "deploys", clock=clock)
    terminal.revoke_token(settings, "builds", clock=clock)
    assert authenticator.find(Shown(By.TOKEN, made.secret)) is None
    assert authenticator.find(Shown(By.TOKEN, other.secret)) is not None
    assert [facts.name for facts in terminal.list_tokens(settings)] == ["deploys"]


def test_what_the_terminal_does_is_recorded_with_who_did_it(settings, db, clock):
    terminal.create_link(settings, clock=clock)
    terminal.create_token(settings, "builds", clock=clock)
    terminal.revoke_token(settings, "builds", clock=clock)
    assert {(event.kind, event.person, event.via) for event in list_events(db).events} == {
        (kind, operator_name(), "terminal") for kind in ("link_created", "token_created", "token_revoked")
    }


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

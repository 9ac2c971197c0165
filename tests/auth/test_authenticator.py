from __future__ import annotations

import pytest

from app.auth import sessions, sign_in_links, tokens
from app.auth.authenticator import KEPT, Authenticator
from app.auth.events import Actor, EventKind, Via, list_events
from app.auth.rules import By, Caller, Shown, Source
from app.auth.scopes import Scope
from app.auth.secret import fingerprint, new_secret, short_id
from tests.databases import statements

HERE = Source("192.0.2.1", "Firefox/140")
WRITE = ("POST", "/api/v1/services/us-east-1/web/grants")


@pytest.fixture
def authenticator(db, clock) -> Authenticator:
    return Authenticator(db, clock, "local")


@pytest.fixture
def session(authenticator, link) -> Shown:
    return Shown(By.SESSION, authenticator.sign_in(link, HERE))


def kinds(db) -> list[str]:
    return [event.kind for event in list_events(db).events][::-1]


def test_whoever_signed_in_is_known(authenticator, session):
    caller = authenticator.find(session)
    assert (caller.person, caller.session) == ("mika", short_id(fingerprint(session.secret)))


def test_a_session_is_no_token_and_a_token_no_session(authenticator, session, new_token):
    authenticator.find(session)
    assert authenticator.find(Shown(By.TOKEN, session.secret)) is None
    assert authenticator._remembered(Shown(By.TOKEN, session.secret)) is None
    assert authenticator.find(Shown(By.SESSION, new_token())) is None


def test_what_was_found_is_remembered_for_five_seconds(authenticator, session, clock):
    authenticator.find(session)
    clock.advance(4.9)
    assert authenticator._remembered(session).person == "mika"
    clock.advance(0.1)
    assert authenticator._remembered(session) is None


def test_signing_out_counts_at_once(authenticator, session):
    authenticator.find(session)
    authenticator.sign_out(session, HERE)
    assert authenticator._remembered(session) is None
    assert authenticator.find(session) is None


def test_ending_a_session_counts_at_once(authenticator, session):
    caller = authenticator.find(session)
    assert authenticator.end_session(caller.session, caller, HERE)
    assert authenticator._remembered(session) is None
    assert authenticator.find(session) is None


@pytest.mark.parametrize("way", ["sign_out", "end_session"])
def test_a_request_on_its_way_keeps_no_session_that_ends_meanwhile(authenticator, session, monkeypatch, way):
    """Its lookup began before the end and ends after it, or lies between two steps of the end."""
    caller = authenticator.find(session)
    end = {
        "sign_out": lambda: authenticator.sign_out(session, HERE),
        "end_session": lambda: authenticator.end_session(caller.session, caller, HERE),
    }[way]
    touch, ending = sessions.touch_session, getattr(sessions, way)

    def end_during_a_lookup(*arguments):
        monkeypatch.setattr(sessions, "touch_session", touch)
        end()

    def look_up_during_the_end(*arguments):
        authenticator.find(session)
        return ending(*arguments)

    monkeypatch.setattr(sessions, "touch_session", end_during_a_lookup)
    monkeypatch.setattr(sessions, way, look_up_during_the_end)
    authenticator.find(session)
    assert authenticator._remembered(session) is None


def test_a_session_that_is_not_there_cannot_be_ended(authenticator, session):
    caller = authenticator.find(session)
    for session_id in ("000000000000", "", "%", "_" * 12):
        assert not authenticator.end_session(session_id, caller, HERE)
    assert authenticator.find(session) is not None


def test_signing_out_everywhere_ends_every_session_of_the_person_and_no_other(authenticator, new_link, db, clock):
    mine = [Shown(By.SESSION, authenticator.sign_in(new_link(), HERE)) for _ in range(2)]
    sign_in_links.add_link(db, fingerprint("k" * 43), Actor("ken", Via.TERMINAL), clock.now())
    kens = Shown(By.SESSION, authenticator.sign_in("k" * 43, HERE))
    caller, *_ = (authenticator.find(shown) for shown in (*mine, kens))
    assert authenticator.sign_out_everywhere(caller, HERE) == 2
    assert [authenticator._remembered(shown) for shown in mine] == [None, None]
    assert [authenticator.find(shown) for shown in mine] == [None, None]
    assert authenticator.find(kens).person == "ken"


def test_revoking_a_token_counts_at_once(authenticator, new_token, session):
    token = Shown(By.TOKEN, new_token())
    authenticator.find(token)
    authenticator.revoke_token("builds", authenticator.find(session), HERE)
    assert authenticator._remembered(token) is None
    assert authenticator.find(token) is None


def test_a_secret_that_cannot_be_ours_costs_no_query(authenticator, db):
    with statements(db) as sent:
        assert authenticator.find(Shown(By.SESSION, "'; DROP TABLE x")) is None
        assert authenticator.sign_in("guess", HERE) is None
    assert sent == []


def test_what_is_remembered_stays_bounded(authenticator, new_token, monkeypatch):
    monkeypatch.setattr("app.auth.authenticator.KEPT", 3)
    for number in range(7):
        authenticator.find(Shown(By.TOKEN, new_token(f"token-{number}")))
    assert len(authenticator._kept) <= 3 < KEPT


@pytest.mark.parametrize("attempt", ["sign_in", "knows_link"])
def test_wrong_links_are_counted_by_address(authenticator, attempt):
    for _ in range(10):
        getattr(authenticator, attempt)(new_secret(), HERE)
    assert authenticator.wait(HERE.address) == 60
    assert authenticator.wait("192.0.2.2") == 0


def test_the_right_link_works_whatever_was_tried_before(authenticator, link):
    for _ in range(50):
        authenticator.knows_link(new_secret(), HERE)
    assert authenticator.knows_link(link, HERE)
    assert authenticator.sign_in(link, HERE) is not None


def test_a_wrong_link_costs_one_lookup_and_no_write(authenticator, db):
    for _ in range(4):
        authenticator.sign_in(new_secret(), HERE)
    with statements(db) as sent:
        authenticator.sign_in(new_secret(), HERE)
    assert [statement.split()[0] for statement in sent if statement != "BEGIN"] == ["SELECT"]


def test_signing_out_of_a_session_that_is_not_there_writes_nothing(authenticator, db):
    with statements(db) as sent:
        authenticator.sign_out(Shown(By.SESSION, new_secret()), HERE)
        authenticator.sign_out(Shown(By.SESSION, "guess"), HERE)
    assert [statement.split()[0] for statement in sent if statement != "BEGIN"] == ["SELECT"]


def test_a_wrong_token_is_recorded_with_its_address(authenticator, db):
    authenticator.find(Shown(By.TOKEN, new_secret()), HERE)
    (event,) = list_events(db).events
    assert (event.kind, event.via, event.address) == (EventKind.TOKEN_REFUSED, "token", "192.0.2.1")


def test_a_session_that_has_ended_is_no_refusal(authenticator, db):
    authenticator.find(Shown(By.SESSION, new_secret()), HERE)
    assert kinds(db) == []


def test_without_sign_in_everybody_is_local(db, clock):
    caller = Authenticator(db, clock, "none").find(None)
    assert caller.person == "local"
    assert caller.may(*WRITE)


def test_use_moves_the_end_of_a_session(authenticator, session, clock):
    for _ in range(4):
        clock.advance(10 * 86400)
        assert authenticator.find(session) is not None


def test_a_token_found_is_marked_as_used(authenticator, new_token, db, clock):
    authenticator.find(Shown(By.TOKEN, new_token()))
    assert tokens.list_tokens(db)[0].used_at == clock.now()


def test_a_token_acts_under_a_name_of_its_own(authenticator, new_token):
    assert authenticator.find(Shown(By.TOKEN, new_token("mika"))).person == "token:mika"


def test_the_token_of_a_command_acts_for_whoever_runs_it(authenticator, db, clock):
    facts = tokens.TokenFacts("command:0123456789ab", "ken", clock.now(), None, None)
    tokens.add_token(db, fingerprint("c" * 43), facts, Actor("ken", Via.TERMINAL))
    assert authenticator.find(Shown(By.TOKEN, "c" * 43)).person == "command:ken"


def test_a_token_may_do_what_its_scope_says(authenticator, new_token):
    reader = authenticator.find(Shown(By.TOKEN, new_token("reader", scope=Scope.READ)))
    writer = authenticator.find(Shown(By.TOKEN, new_token("writer")))
    assert (reader.may(*WRITE), writer.may(*WRITE)) == (False, True)


def test_a_token_without_a_scope_may_do_nothing():
    assert not Caller("token:x", By.TOKEN).may("GET", "/metrics")

from __future__ import annotations

import pytest

from app.auth import store
from app.auth.gate import KEPT, KEPT_SECONDS, Gate
from app.auth.rules import By, Shown
from app.auth.secret import new_secret
from tests.databases import statements


@pytest.fixture
def gate(db, clock) -> Gate:
    return Gate(db, clock, "local")


@pytest.fixture
def session(gate, link) -> Shown:
    return Shown(By.SESSION, gate.sign_in(link, "a"))


def test_whoever_signed_in_is_known(gate, session):
    assert gate.find(session).person == "mika"


def test_a_session_is_no_token_and_a_token_no_session(gate, session, new_token):
    assert gate.find(Shown(By.TOKEN, session.secret)) is None
    assert gate.find(Shown(By.SESSION, new_token())) is None


def test_what_was_found_is_remembered_for_seconds(gate, session, clock):
    gate.find(session)
    clock.advance(KEPT_SECONDS - 0.1)
    assert gate._remembered(session).person == "mika"
    clock.advance(0.1)
    assert gate._remembered(session) is None


def test_signing_out_counts_at_once(gate, session):
    gate.find(session)
    gate.sign_out(session)
    assert gate._remembered(session) is None
    assert gate.find(session) is None


def test_a_secret_that_cannot_be_ours_costs_no_query(gate, db):
    with statements(db) as sent:
        assert gate.find(Shown(By.SESSION, "'; DROP TABLE x")) is None
        assert gate.sign_in("guess", "a") is None
    assert sent == []


def test_what_is_remembered_stays_bounded(gate, new_token, monkeypatch):
    monkeypatch.setattr("app.auth.gate.KEPT", 3)
    for number in range(7):
        gate.find(Shown(By.TOKEN, new_token(f"token-{number}")))
    assert len(gate._kept) <= 3 < KEPT


def test_wrong_links_are_counted_by_address(gate):
    for _ in range(10):
        gate.sign_in(new_secret(), "a")
    assert gate.wait("a") == 60
    assert gate.wait("b") == 0


def test_asking_about_wrong_links_counts_as_trying_them(gate):
    for _ in range(10):
        gate.knows_link(new_secret(), "a")
    assert gate.wait("a") == 60


def test_without_sign_in_everybody_is_local(db, clock):
    assert Gate(db, clock, "none").find(None).person == "local"


def test_use_moves_the_end_of_a_session(gate, session, db, clock):
    for _ in range(4):
        clock.advance(10 * 86400)
        assert gate.find(session) is not None


def test_a_token_found_is_marked_as_used(gate, new_token, db, clock):
    gate.find(Shown(By.TOKEN, new_token()))
    assert store.list_tokens(db)[0].used_at == clock.now()

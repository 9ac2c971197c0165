from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select

from app.auth import sessions, sign_in_links, tokens
from app.auth.events import Actor, EventKind, Via, list_events
from app.auth.models import SignInLink, SignInSession
from app.auth.rules import Source
from app.auth.scopes import Scope
from app.auth.tokens import TokenFacts
from app.errors import Problem
from tests.databases import statements

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
MIKA = Actor("mika", Via.TERMINAL)
KEN = Actor("ken", Via.SESSION, Source("192.0.2.2", "Safari"))
HERE = Source("192.0.2.1", "Firefox/140")


def count(db, model) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(model))


def test_a_link_becomes_a_session_of_whoever_had_it_printed(any_db):
    sign_in_links.add_link(any_db, "link", MIKA, NOW)
    assert sessions.exchange(any_db, "link", "session", HERE, NOW)
    assert sessions.find_session(any_db, "session", NOW).person == "mika"


def test_a_link_is_worth_nothing_a_second_time(any_db):
    sign_in_links.add_link(any_db, "link", MIKA, NOW)
    sessions.exchange(any_db, "link", "first", HERE, NOW)
    assert not sessions.exchange(any_db, "link", "second", HERE, NOW)
    assert sessions.find_session(any_db, "second", NOW) is None


def test_of_many_exchanges_at_once_exactly_one_gets_a_session(any_db):
    sign_in_links.add_link(any_db, "link", MIKA, NOW)
    together = threading.Barrier(6)

    def exchange(name: int) -> bool:
        together.wait(timeout=30)
        return sessions.exchange(any_db, "link", f"session-{name}", HERE, NOW)

    with ThreadPoolExecutor(6) as threads:
        won = list(threads.map(exchange, range(6)))
    assert won.count(True) == 1
    assert count(any_db, SignInSession) == 1


@pytest.mark.parametrize("after, counts", [(timedelta(minutes=14, seconds=59), True), (timedelta(minutes=15), False)])
def test_a_link_counts_for_fifteen_minutes(db, after, counts):
    sign_in_links.add_link(db, "link", MIKA, NOW)
    assert sign_in_links.has_link(db, "link", NOW + after) is counts
    assert sessions.exchange(db, "link", "session", HERE, NOW + after) is counts


def test_a_new_link_voids_the_older_ones_of_everybody(any_db):
    sign_in_links.add_link(any_db, "first", KEN, NOW)
    assert sign_in_links.add_link(any_db, "second", MIKA, NOW + MINUTE) == 1
    assert not sessions.exchange(any_db, "first", "session", HERE, NOW + MINUTE)
    assert sessions.exchange(any_db, "second", "session", HERE, NOW + MINUTE)


def test_of_links_made_at_once_one_counts(any_db):
    together = threading.Barrier(6)

    def make(number: int) -> None:
        together.wait(timeout=30)
        sign_in_links.add_link(any_db, f"link-{number}", MIKA, NOW)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(make, range(6)))
    assert len(sign_in_links.list_links(any_db, NOW)) == 1


def test_a_new_link_ends_no_session(db):
    a_session(db)
    sign_in_links.add_link(db, "another", MIKA, NOW)
    assert sessions.find_session(db, "session", NOW) is not None


def test_the_list_names_open_links_alone(db):
    sign_in_links.add_link(db, "a" * 64, MIKA, NOW)
    (link,) = sign_in_links.list_links(db, NOW)
    assert (link.id, link.person, link.expires_at) == ("a" * 12, "mika", NOW + 15 * MINUTE)
    assert sign_in_links.list_links(db, NOW + 15 * MINUTE) == ()
    sessions.exchange(db, "a" * 64, "session", HERE, NOW)
    assert sign_in_links.list_links(db, NOW) == ()


@pytest.mark.parametrize("link_id", ["a" * 12, ""])
def test_a_revoked_link_signs_nobody_in(any_db, link_id):
    sign_in_links.add_link(any_db, "a" * 64, MIKA, NOW)
    assert sign_in_links.revoke_links(any_db, link_id, KEN, NOW) == 1
    assert not sign_in_links.has_link(any_db, "a" * 64, NOW)
    assert not sessions.exchange(any_db, "a" * 64, "session", HERE, NOW)


@pytest.mark.parametrize("link_id", ["b" * 12, "a" * 11, "%", "_" * 12])
def test_another_id_revokes_no_link(db, link_id):
    sign_in_links.add_link(db, "a" * 64, MIKA, NOW)
    assert sign_in_links.revoke_links(db, link_id, KEN, NOW) == 0
    assert sessions.exchange(db, "a" * 64, "session", HERE, NOW)


def test_links_and_sessions_that_have_expired_are_deleted_when_a_link_is_made(db):
    sign_in_links.add_link(db, "old", MIKA, NOW)
    sessions.exchange(db, "old", "session", HERE, NOW)
    sign_in_links.add_link(db, "new", MIKA, NOW + 15 * DAY)
    assert count(db, SignInLink) == 1
    assert count(db, SignInSession) == 0


def a_session(db, hashed="session") -> SignInSession:
    sign_in_links.add_link(db, "link", MIKA, NOW)
    sessions.exchange(db, "link", hashed, HERE, NOW)
    with db.write() as session:
        session.execute(delete(SignInLink))  # so that the same can be made again
    return sessions.find_session(db, hashed, NOW)


def test_a_session_that_is_not_used_ends(db):
    a_session(db)
    assert sessions.find_session(db, "session", NOW + 14 * DAY) is None


def test_use_keeps_a_session_alive(any_db):
    sessions.touch_session(any_db, a_session(any_db), NOW + 10 * DAY)
    assert sessions.find_session(any_db, "session", NOW + 20 * DAY) is not None


def test_use_is_written_every_five_minutes_at_most(db):
    found = a_session(db)
    with statements(db) as sent:
        sessions.touch_session(db, found, NOW + timedelta(minutes=4, seconds=59))
    assert sent == []
    sessions.touch_session(db, found, NOW + 5 * MINUTE)
    assert sessions.find_session(db, "session", NOW).seen_at == NOW + 5 * MINUTE


def test_a_touch_that_comes_late_does_not_set_a_session_back(db):
    found = a_session(db)
    sessions.touch_session(db, found, NOW + 10 * DAY)
    sessions.touch_session(db, found, NOW + 2 * HOUR)
    assert sessions.find_session(db, "session", NOW).seen_at == NOW + 10 * DAY


def test_a_late_touch_does_not_bring_a_session_back(db):
    found = a_session(db)
    sessions.sign_out(db, "session", HERE, NOW)
    sessions.touch_session(db, found, NOW + 2 * HOUR)
    assert count(db, SignInSession) == 0


def test_a_session_remembers_where_it_began(any_db):
    a_session(any_db, "a" * 64)
    (session,) = sessions.list_sessions(any_db, NOW)
    assert (session.id, session.person, session.address, session.browser) == (
        "a" * 12,
        "mika",
        "192.0.2.1",
        "Firefox/140",
    )


def test_what_a_browser_says_is_cut_to_what_the_table_holds(any_db):
    sign_in_links.add_link(any_db, "link", MIKA, NOW)
    sessions.exchange(any_db, "link", "session", Source("x" * 999, "y" * 9999), NOW)
    (session,) = sessions.list_sessions(any_db, NOW)
    assert (len(session.address), len(session.browser)) == (64, 255)


def test_the_list_holds_the_sessions_that_count_the_last_used_first(db):
    first, _ = a_session(db, "a" * 64), a_session(db, "b" * 64)
    sessions.touch_session(db, first, NOW + HOUR)
    assert [session.id[0] for session in sessions.list_sessions(db, NOW + HOUR)] == ["a", "b"]
    assert [session.id[0] for session in sessions.list_sessions(db, NOW + 14 * DAY)] == ["a"]


def test_ending_a_session_ends_that_one_alone(any_db):
    a_session(any_db, "a" * 64)
    a_session(any_db, "b" * 64)
    assert sessions.end_session(any_db, "a" * 12, KEN, NOW) == ("a" * 64,)
    assert sessions.find_session(any_db, "a" * 64, NOW) is None
    assert sessions.find_session(any_db, "b" * 64, NOW) is not None


def test_everybodys_sessions_can_be_ended(any_db):
    a_session(any_db, "a" * 64)
    assert sessions.end_sessions(any_db, "ken", KEN, NOW) == ()
    assert sessions.end_sessions(any_db, "", KEN, NOW) == ("a" * 64,)
    assert sessions.find_session(any_db, "a" * 64, NOW) is None


def a_token(name="builds", expires_at=None) -> TokenFacts:
    return TokenFacts(name, "mika", NOW, expires_at, None)


def test_a_token_counts_until_it_expires(any_db):
    tokens.add_token(any_db, "hash", a_token(expires_at=NOW + DAY), MIKA)
    assert tokens.find_token(any_db, "hash", NOW).name == "builds"
    assert tokens.find_token(any_db, "hash", NOW + DAY) is None


def test_a_token_without_an_end_counts_for_good(db):
    tokens.add_token(db, "hash", a_token(), MIKA)
    assert tokens.find_token(db, "hash", NOW + 5000 * DAY) is not None


def test_a_name_is_given_once(any_db):
    tokens.add_token(any_db, "hash", a_token(), MIKA)
    with pytest.raises(Problem, match=r"auth\.token_name_taken"):
        tokens.add_token(any_db, "other", a_token(), MIKA)


def test_a_revoked_token_counts_no_more(any_db):
    tokens.add_token(any_db, "hash", a_token(), MIKA)
    tokens.add_token(any_db, "other", a_token("deploys"), MIKA)
    tokens.revoke_token(any_db, "builds", KEN, NOW)
    assert tokens.find_token(any_db, "hash", NOW) is None
    assert tokens.find_token(any_db, "other", NOW).name == "deploys"


def test_a_token_takes_the_place_of_an_expired_one_of_its_name(any_db):
    tokens.add_token(any_db, "old", a_token(expires_at=NOW), MIKA)
    tokens.add_token(any_db, "new", a_token(), MIKA)
    assert tokens.find_token(any_db, "old", NOW - DAY) is None
    assert tokens.find_token(any_db, "new", NOW).name == "builds"


def test_what_is_not_there_cannot_be_revoked(db):
    with pytest.raises(Problem, match=r"auth\.token_not_found"):
        tokens.revoke_token(db, "builds", KEN, NOW)


def test_the_list_says_when_a_token_was_last_used(db):
    tokens.add_token(db, "hash", a_token(), MIKA)
    tokens.touch_token(db, tokens.find_token(db, "hash", NOW), NOW + HOUR)
    tokens.touch_token(db, tokens.find_token(db, "hash", NOW), NOW + HOUR + 4 * MINUTE)
    assert [(token.name, token.used_at) for token in tokens.list_tokens(db)] == [("builds", NOW + HOUR)]


def recorded(db) -> list[tuple[str, str, str, str]]:
    """What happened, oldest first."""
    events = list_events(db).events[::-1]
    return [(event.kind, event.person, event.via, event.subject) for event in events]


def test_what_becomes_of_a_link_and_its_session_is_recorded(any_db):
    for letter in "abc":
        sign_in_links.add_link(any_db, letter * 64, MIKA, NOW)
    sign_in_links.revoke_links(any_db, "", KEN, NOW)
    sign_in_links.add_link(any_db, "d" * 64, MIKA, NOW)
    sessions.exchange(any_db, "d" * 64, "e" * 64, HERE, NOW)
    sessions.sign_out(any_db, "e" * 64, HERE, NOW)
    assert recorded(any_db)[2:] == [
        ("link_created", "mika", "terminal", "c" * 12),
        ("link_revoked", "ken", "session", "c" * 12),
        ("link_created", "mika", "terminal", "d" * 12),
        ("signed_in", "mika", "link", "e" * 12),
        ("signed_out", "mika", "session", "e" * 12),
    ]
    events = list_events(any_db).events[::-1]
    assert [event.detail for event in events[2:6]] == [{"voided": 1}, {}, {}, {"link": "d" * 12}]
    assert (events[5].address, events[5].browser, events[5].at) == ("192.0.2.1", "Firefox/140", NOW)


def test_the_end_of_sessions_is_recorded(db):
    a_session(db, "a" * 64)
    a_session(db, "b" * 64)
    sessions.end_session(db, "a" * 12, KEN, NOW)
    sessions.end_sessions(db, "mika", MIKA, NOW)
    sessions.end_sessions(db, "", MIKA, NOW)
    assert recorded(db)[4:] == [
        ("session_ended", "ken", "session", "a" * 12),
        ("signed_out_everywhere", "mika", "terminal", "mika"),
        ("all_sessions_ended", "mika", "terminal", ""),
    ]
    details = [event.detail for event in list_events(db).events[:3]]
    assert details == [{"sessions": 0}, {"sessions": 1}, {"person": "mika"}]


def test_what_did_not_happen_is_not_recorded(db):
    sessions.exchange(db, "link", "session", HERE, NOW)
    sessions.sign_out(db, "session", HERE, NOW)
    sessions.end_session(db, "a" * 12, KEN, NOW)
    sign_in_links.revoke_links(db, "", KEN, NOW)
    with pytest.raises(Problem):
        tokens.revoke_token(db, "builds", KEN, NOW)
    tokens.add_token(db, "hash", a_token(), MIKA)
    with pytest.raises(Problem):
        tokens.add_token(db, "other", a_token(), MIKA)
    assert recorded(db) == [("token_created", "mika", "terminal", "builds")]


def test_tokens_created_and_revoked_are_recorded(any_db):
    facts = TokenFacts("ci", "mika", NOW, NOW + DAY, None, Scope.READ)
    tokens.add_token(any_db, "hash", facts, MIKA)
    tokens.revoke_token(any_db, "ci", KEN, NOW)
    assert recorded(any_db) == [
        ("token_created", "mika", "terminal", "ci"),
        ("token_revoked", "ken", "session", "ci"),
    ]
    assert list_events(any_db).events[1].detail == {"scope": "read", "expires": "2026-03-02T12:00:00+00:00"}


def test_every_name_fits_its_column():
    assert all(len(kind) <= 32 for kind in EventKind)
    assert all(len(via) <= 16 for via in Via)

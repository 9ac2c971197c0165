from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.auth import store
from app.auth.models import SignInLink, SignInSession
from app.auth.store import TokenFacts
from app.errors import Problem
from tests.databases import statements

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def count(db, model) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(model))


def test_a_link_becomes_a_session_of_whoever_had_it_printed(any_db):
    store.add_link(any_db, "link", "mika", NOW)
    assert store.exchange(any_db, "link", "session", NOW)
    assert store.find_session(any_db, "session", NOW).person == "mika"


def test_a_link_is_worth_nothing_a_second_time(any_db):
    store.add_link(any_db, "link", "mika", NOW)
    store.exchange(any_db, "link", "first", NOW)
    assert not store.exchange(any_db, "link", "second", NOW)
    assert store.find_session(any_db, "second", NOW) is None


def test_of_many_exchanges_at_once_exactly_one_gets_a_session(any_db):
    store.add_link(any_db, "link", "mika", NOW)
    together = threading.Barrier(6)

    def exchange(name: int) -> bool:
        together.wait(timeout=30)
        return store.exchange(any_db, "link", f"session-{name}", NOW)

    with ThreadPoolExecutor(6) as threads:
        won = list(threads.map(exchange, range(6)))
    assert won.count(True) == 1
    assert count(any_db, SignInSession) == 1


@pytest.mark.parametrize("after, counts", [(DAY - timedelta(seconds=1), True), (DAY, False)])
def test_a_link_counts_for_a_day(db, after, counts):
    store.add_link(db, "link", "mika", NOW)
    assert store.has_link(db, "link", NOW + after) is counts
    assert store.exchange(db, "link", "session", NOW + after) is counts


def test_links_and_sessions_that_have_run_out_are_forgotten_when_a_link_is_made(db):
    store.add_link(db, "old", "mika", NOW)
    store.exchange(db, "old", "session", NOW)
    store.add_link(db, "new", "mika", NOW + 15 * DAY)
    assert count(db, SignInLink) == 1
    assert count(db, SignInSession) == 0


def a_session(db) -> SignInSession:
    store.add_link(db, "link", "mika", NOW)
    store.exchange(db, "link", "session", NOW)
    return store.find_session(db, "session", NOW)


def test_a_session_that_is_not_used_ends(db):
    a_session(db)
    assert store.find_session(db, "session", NOW + 14 * DAY) is None


def test_use_keeps_a_session_alive(any_db):
    store.touch_session(any_db, a_session(any_db), NOW + 10 * DAY)
    assert store.find_session(any_db, "session", NOW + 20 * DAY) is not None


def test_use_is_written_once_an_hour_at_most(db):
    found = a_session(db)
    with statements(db) as sent:
        store.touch_session(db, found, NOW + HOUR - timedelta(seconds=1))
    assert sent == []


def test_a_touch_that_comes_late_does_not_set_a_session_back(db):
    found = a_session(db)
    store.touch_session(db, found, NOW + 10 * DAY)
    store.touch_session(db, found, NOW + 2 * HOUR)
    assert store.find_session(db, "session", NOW).seen_at == NOW + 10 * DAY


def test_a_late_touch_does_not_bring_a_session_back(db):
    found = a_session(db)
    store.end_session(db, "session")
    store.touch_session(db, found, NOW + 2 * HOUR)
    assert count(db, SignInSession) == 0


def a_token(name="builds", expires_at=None) -> TokenFacts:
    return TokenFacts(name, "mika", NOW, expires_at, None)


def test_a_token_counts_until_it_expires(any_db):
    store.add_token(any_db, "hash", a_token(expires_at=NOW + DAY))
    assert store.find_token(any_db, "hash", NOW).name == "builds"
    assert store.find_token(any_db, "hash", NOW + DAY) is None


def test_a_token_without_an_end_counts_for_good(db):
    store.add_token(db, "hash", a_token())
    assert store.find_token(db, "hash", NOW + 5000 * DAY) is not None


def test_a_name_is_given_once(any_db):
    store.add_token(any_db, "hash", a_token())
    with pytest.raises(Problem, match=r"auth\.token_name_taken"):
        store.add_token(any_db, "other", a_token())


def test_a_revoked_token_counts_no_more(db):
    store.add_token(db, "hash", a_token())
    store.remove_token(db, "builds")
    assert store.find_token(db, "hash", NOW) is None


def test_what_is_not_there_cannot_be_revoked(db):
    with pytest.raises(Problem, match=r"auth\.token_not_found"):
        store.remove_token(db, "builds")


def test_the_list_says_when_a_token_was_last_used(db):
    store.add_token(db, "hash", a_token())
    store.touch_token(db, store.find_token(db, "hash", NOW), NOW + HOUR)
    store.touch_token(db, store.find_token(db, "hash", NOW), NOW + HOUR * 1.5)
    assert [(token.name, token.used_at) for token in store.list_tokens(db)] == [("builds", NOW + HOUR)]

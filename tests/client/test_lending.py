"""A token is lent only to a server that works on our own database, and is taken back."""

import pytest

from app.auth import store
from app.auth.secret import fingerprint
from app.client.lending import lent_token, may_lend
from app.clock import SystemClock
from app.db import Database
from app.migrate import migrate
from app.operations.lease import FileLease
from app.settings import Settings


@pytest.fixture
def settings(tmp_path):
    chosen = Settings(data_dir=tmp_path)
    db = Database(chosen.history_url)
    migrate(db)
    db.close()
    return chosen


@pytest.fixture
def served(settings):
    """Somebody works on the database."""
    lease = FileLease(settings.data_dir / "sailpass.db", "server", "1")
    lease.claim()
    yield settings
    lease.give_up()


def counts(settings, token):
    db = Database(settings.history_url)
    found = store.find_token(db, fingerprint(token), SystemClock().now())
    db.close()
    return found is not None


def test_a_token_counts_until_it_is_taken_back(served):
    with lent_token(served) as token:
        assert counts(served, token)
    assert not counts(served, token)


def test_it_is_lent_while_a_server_works_on_our_database(served):
    assert may_lend(served)


def test_it_is_not_lent_when_nobody_works_on_it(settings):
    assert not may_lend(settings)


def test_it_is_not_lent_where_there_is_no_database(tmp_path):
    assert not may_lend(Settings(data_dir=tmp_path / "none"))


def test_it_is_not_lent_for_a_database_elsewhere():
    assert not may_lend(Settings(database_url="postgresql+psycopg://db.example/sailpass"))


def test_one_that_was_revoked_meanwhile_is_no_trouble(served):
    with lent_token(served) as token:
        db = Database(served.history_url)
        store.remove_token(db, store.find_token(db, fingerprint(token), SystemClock().now()).name)
        db.close()
    assert not counts(served, token)

"""A command's token is sent only to a server of our own database, and is deleted afterwards."""

import pytest

from app.auth import store
from app.auth.secret import fingerprint
from app.client.local_server import served_address
from app.client.local_token import lent_token
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


ADDRESS = "http://127.0.0.1:4711"


@pytest.fixture
def served(settings):
    """A server works on the database, and said where."""
    lease = FileLease(settings.data_dir / "sailpass.db", "server", "1")
    lease.claim()
    lease.announce(ADDRESS)
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


def test_it_is_lent_to_the_server_that_works_on_our_database(served):
    assert served_address(served) == ADDRESS


def test_it_is_not_lent_when_nobody_works_on_it(settings):
    assert served_address(settings) == ""


def test_it_is_not_lent_to_one_that_is_gone(served):
    file = served.data_dir / "sailpass.db.lock"
    content = file.read_text()
    elsewhere = served.model_copy(update={"database_url": f"sqlite:///{served.data_dir / 'third.db'}"})
    (served.data_dir / "third.db.lock").write_text(content)
    (served.data_dir / "third.db.lock").chmod(0o600)
    assert served_address(elsewhere) == ""


def test_it_is_not_lent_where_there_is_no_database(tmp_path):
    assert served_address(Settings(data_dir=tmp_path / "none")) == ""


def test_it_is_not_lent_for_a_database_elsewhere():
    assert served_address(Settings(database_url="postgresql+psycopg://db.example/sailpass")) == ""


def test_one_that_was_revoked_meanwhile_is_no_trouble(served):
    with lent_token(served) as token:
        db = Database(served.history_url)
        store.remove_token(db, store.find_token(db, fingerprint(token), SystemClock().now()).name)
        db.close()
    assert not counts(served, token)

"""A command's token is sent only to a server of our own database, and is deleted afterwards."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from app.auth import tokens
from app.auth.borrowed import add_borrowed
from app.auth.events import Actor, Via, list_events
from app.auth.operator import operator_name
from app.auth.scopes import Scope
from app.auth.secret import fingerprint
from app.client.local_server import served_address
from app.client.local_token import LIFETIME, lent_token
from app.db import Database
from app.errors import Problem
from app.migrate import migrate
from app.operations.lease import FileLease
from app.settings import Settings
from tests.console import ROOT


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


@pytest.fixture
def db(settings):
    database = Database(settings.history_url)
    yield database
    database.close()


def found(db, token, now=None):
    return tokens.find_token(db, fingerprint(token), now or datetime.now(UTC))


def test_a_token_counts_until_it_is_taken_back(settings, db):
    with lent_token(settings.history_file) as token:
        borrowed = found(db, token)
        assert (borrowed.created_by, borrowed.scope) == (operator_name(), Scope.CHANGE)
        assert borrowed.name.startswith("command:")
        assert borrowed.expires_at - borrowed.created_at == LIFETIME
        assert abs(borrowed.created_at - datetime.now(UTC)) < timedelta(minutes=1)
        assert found(db, token, borrowed.expires_at) is None
    assert found(db, token) is None
    assert list_events(db).events == ()


def test_tokens_that_commands_left_behind_are_deleted_once_they_have_expired(settings, db):
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    for name, end in (("command:left", now - hour), ("command:runs", now + hour)):
        add_borrowed(settings.history_file, name, name=name, person="mika", now=now - 2 * hour, until=end)
    kept = tokens.TokenFacts("commands", "mika", now - 2 * hour, now - hour, None)
    tokens.add_token(db, "expired", kept, Actor("mika", Via.TERMINAL))
    with lent_token(settings.history_file):
        assert [token.name for token in tokens.list_tokens(db)][1:] == ["command:runs", "commands"]


def test_lending_imports_no_database_library(settings):
    """Else it would take longer than all else that the command does."""
    script = (
        "import sys; from pathlib import Path; from app.client.local_token import lent_token\n"
        "with lent_token(Path(sys.argv[1])): print(sorted({'sqlalchemy', 'alembic'} & sys.modules.keys()))"
    )
    command = [sys.executable, "-c", script, str(settings.history_file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_database_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "sailpass.db").write_text("no database" * 100)
    with pytest.raises(Problem, match=r"storage\.failed"), lent_token(tmp_path / "sailpass.db"):
        pass


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


def test_one_that_was_revoked_meanwhile_is_no_trouble(settings, db):
    with lent_token(settings.history_file) as token:
        tokens.revoke_token(db, found(db, token).name, Actor("ken", Via.TERMINAL), datetime.now(UTC))
    assert found(db, token) is None

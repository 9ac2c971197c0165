"""The tables: from an empty database to the current ones on both databases, matching the models."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from app import tables
from app.db import Base, Database
from app.errors import Problem
from app.inventory import store
from app.inventory.policies import PolicyRead, PolicyUnread, remember_policies, remember_unread
from app.migrate import MIGRATIONS, DatabaseUnusableError, NewerDatabaseError, alone, head, migrate
from tests.build import REGION, a_policy, a_repository
from tests.postgres_server import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

assert tables


def differences(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        ours = set(Base.metadata.tables)
        return [one for one in compare_metadata(context, Base.metadata) if getattr(one[1], "name", "") in ours]


@pytest.fixture
def empty(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    yield database
    database.close()


def test_an_empty_database_gets_the_tables_of_the_models(empty):
    assert migrate(empty)
    assert differences(empty) == []


@pytest.mark.postgres
def test_an_empty_postgresql_gets_the_tables_of_the_models(postgres_url):
    database = Database(postgres_url)
    assert migrate(database)
    assert differences(database) == []
    database.close()


def test_a_second_migration_has_nothing_to_do(empty):
    migrate(empty)
    assert not migrate(empty)


def test_on_the_way_back_to_the_first_release_a_repository_keeps_what_its_policy_names(empty):
    """SQLite deletes the rows that refer to a table with the table: one that is only changed must not be made anew."""
    migrate(empty)
    at = datetime.now(UTC)
    store.remember_repositories(empty, "default", REGION, [a_repository("team/web")], at)
    remember_policies(empty, "default", REGION, [PolicyRead("team/web", a_policy(), at)])
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with alone(empty) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        connection.commit()
    with empty.read() as session:
        assert session.scalars(text("SELECT repository FROM policy_principals")).all() == ["team/web"]


def test_a_policy_that_could_not_be_read_before_is_judged_again(empty):
    migrate(empty)
    at, names = datetime.now(UTC), ("readable", "refused")
    store.remember_repositories(empty, "default", REGION, [a_repository(name) for name in names], at)
    remember_policies(empty, "default", REGION, [PolicyRead(name, a_policy(), at) for name in names])
    refused = PolicyUnread("refused", Problem("aws.access_denied"), at + timedelta(minutes=1))
    remember_unread(empty, "default", REGION, [refused])
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with alone(empty) as connection:
        config.attributes["connection"] = connection
        connection.execute(text("UPDATE repositories SET check_due = 0"))
        command.downgrade(config, "0014")
        connection.execute(text("UPDATE repositories SET check_due = 0"))
        command.upgrade(config, "0015")
        connection.commit()
    with empty.read() as session:
        assert session.scalars(text("SELECT name FROM repositories WHERE check_due > 0")).all() == ["refused"]


def test_the_newest_file_is_the_head_that_alembic_finds():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == head()


def test_a_database_of_a_later_release_is_refused_with_a_sentence(empty):
    migrate(empty)
    with empty.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabaseError, match="later release"):
        migrate(empty)


def test_another_programs_database_gets_no_tables_of_ours(tmp_path):
    file = tmp_path / "bookmarks.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    database = Database(f"sqlite:///{file}")
    with pytest.raises(DatabaseUnusableError, match=f"{file} is not a Sailpass database"):
        migrate(database)
    database.close()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("bookmarks",)]

"""PostgreSQL: a database restored from a dump or copied is detected, and cleared by one command."""

from __future__ import annotations

import logging
import os
import subprocess
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import make_url, text

from app.backup.after import after_restore
from app.backup.errors import BackupError
from app.backup.origin import RestoredDatabaseError, check_origin
from app.db import Database
from app.migrate import MIGRATIONS, migrate
from app.operations.lease import Pace, TableLease
from app.operations.read import find_progress
from app.settings import load
from tests.backup.conftest import LATER, fill, rows_of
from tests.cli.running import quickly, sailpass
from tests.console import until
from tests.host import start_host
from tests.postgres_server import empty_database, postgres_tool
from tests.sandbox_server import start_sandbox

pytestmark = pytest.mark.postgres

HISTORY = {"operations": 2, "operation_steps": 3, "policy_changes": 2}


@pytest.fixture
def used(postgres_url):
    """A database that a console has used."""
    database = Database(postgres_url)
    migrate(database)
    check_origin(database)
    fill(database)
    yield database
    database.close()


def plain(database: Database) -> str:
    return make_url(database.url).set(drivername="postgresql").render_as_string(hide_password=False)


def dump(database: Database, file: Path) -> Path:
    subprocess.run([postgres_tool("pg_dump"), "--format=custom", f"--file={file}", plain(database)], check=True)
    return file


def pg_restore(file: Path, database: Database, *options: str) -> None:
    subprocess.run([postgres_tool("pg_restore"), *options, f"--dbname={plain(database)}", str(file)], check=True)


@pytest.fixture
def restored(used, tmp_path, postgres_server):
    """Its dump, restored into another database."""
    file = dump(used, tmp_path / "dump")
    with empty_database(postgres_server) as url:
        database = Database(url)
        pg_restore(file, database)
        yield database
        database.close()


def run(database: Database, *words: str):
    environment = {**os.environ, "SAILPASS_DATABASE_URL": database.url, "SAILPASS_PORT": "9"}
    return (sailpass if words == ("serve",) else quickly)(environment, *words)


def test_a_database_that_stays_where_it_is_is_fine(used):
    for _ in range(3):
        check_origin(used)


def test_a_dump_that_was_restored_is_noticed(restored):
    with pytest.raises(RestoredDatabaseError, match="sailpass after-restore"):
        check_origin(restored)


def test_a_dump_that_was_restored_over_its_own_database_is_noticed(used, tmp_path):
    pg_restore(dump(used, tmp_path / "dump"), used, "--clean")
    with pytest.raises(RestoredDatabaseError):
        check_origin(used)


def test_rows_that_were_restored_into_the_same_tables_are_noticed(used, tmp_path):
    file = dump(used, tmp_path / "dump")
    with used.write() as session:
        session.execute(text("TRUNCATE database_origins"))
    pg_restore(file, used, "--data-only", "--table=database_origins")
    with pytest.raises(RestoredDatabaseError):
        check_origin(used)


def test_a_database_that_was_copied_is_noticed(used, postgres_server):
    source = make_url(used.url).database
    used.close()
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "copied" TEMPLATE "{source}"')
        database = Database(make_url(used.url).set(database="copied").render_as_string(hide_password=False))
        with pytest.raises(RestoredDatabaseError):
            check_origin(database)
        database.close()
        connection.execute('DROP DATABASE "copied"')


@pytest.mark.parametrize("what", ["VACUUM (FREEZE, FULL)", "VACUUM (FREEZE)", "ANALYZE", "REINDEX TABLE", "CLUSTER"])
def test_what_a_database_does_to_keep_itself_in_order_is_no_restore(used, what):
    using = " USING pk_database_origins" if what == "CLUSTER" else ""
    with psycopg.connect(plain(used), autocommit=True) as connection:
        connection.execute(f"{what} database_origins{using}")
    check_origin(used)


def test_another_timeline_is_warned_about_once(used, caplog):
    with used.write() as session:
        session.execute(
            text("UPDATE database_origins SET timeline = '00000009', written_by = txid_current() % 4294967296")
        )
    with caplog.at_level(logging.WARNING):
        check_origin(used)
        check_origin(used)
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "PostgreSQL changed its timeline from 00000009 to 00000001"
    ]


def test_what_may_not_be_asked_is_not_compared(used, monkeypatch):
    monkeypatch.setattr("app.backup.origin._SYSTEM", text("SELECT no_such_function()"))
    monkeypatch.setattr("app.backup.origin._TIMELINE", text("SELECT no_such_function()"))
    check_origin(used)


def test_a_server_does_not_start_on_it_and_says_what_to_do(restored):
    for words in (("serve",), ("grant", "s", "a/b")):
        ran = run(restored, *words)
        assert (ran.status, ran.out) == (2, "")
        assert "Run “sailpass after-restore” once, then start again." in ran.err


def test_one_command_leaves_the_history_and_nothing_else(restored):
    ran = run(restored, "after-restore")
    assert (ran.status, "1 operation was running in it" in ran.out) == (0, True)
    assert rows_of(restored) == {**HISTORY, "sign_in_events": 1, "database_origins": 1}
    progress = find_progress(restored, "running")
    assert (progress.outcome, progress.unconfirmed) == ("interrupted", True)
    check_origin(restored)


def test_what_was_running_is_not_carried_out_again(postgres_url, tmp_path, postgres_server):
    with start_sandbox(activation_seconds=600) as sandbox, empty_database(postgres_server) as url:
        original, database = Database(postgres_url), Database(url)
        with start_host(sandbox.url, tmp_path, settings={"database_url": postgres_url}) as host:
            waiting = host.start("grant", "legacy-blog", "tools/cli")
            until(lambda: find_progress(original, waiting).current, lambda step: step and step.name == "wait_for_role")
            file = dump(original, tmp_path / "dump")
            assert host.end() == 0
        pg_restore(file, database)
        assert run(database, "after-restore").status == 0
        sandbox.advance(600)
        with start_host(sandbox.url, tmp_path, settings={"database_url": url}) as host:
            other = host.start("grant", "storefront-web", "tools/cli")  # behind it in the queue, if it were there
            until(lambda: find_progress(database, other).ended)
        assert (find_progress(database, waiting).outcome, find_progress(database, other).outcome) == (
            "interrupted",
            "succeeded",
        )
        assert "legacy-blog" not in str(sandbox.policy("tools/cli")["policy"])
        original.close()
        database.close()


def test_it_empties_the_engine_too(restored):
    with restored.write() as session:
        session.execute(text("CREATE SCHEMA dbos"))
        session.execute(text("CREATE TABLE dbos.dbos_migrations AS SELECT 7 AS version"))
        session.execute(text("CREATE TABLE dbos.workflow_status AS SELECT 'running' AS workflow_uuid"))
    after_restore(load(database_url=restored.url), LATER)
    with restored.read() as session:
        assert session.scalar(text("SELECT count(*) FROM dbos.workflow_status")) == 0
        assert session.scalar(text("SELECT version FROM dbos.dbos_migrations")) == 7


def test_a_database_that_was_only_moved_keeps_everything(restored):
    before = rows_of(restored)
    ran = run(restored, "after-restore", "--moved")
    assert (ran.status, ran.out) == (0, "Noted. Everything is kept.\n")
    assert rows_of(restored) == before
    check_origin(restored)


def test_it_is_refused_while_a_replica_runs(used):
    lease = TableLease(used, "one", "operations-1", Pace())
    lease.claim()
    with pytest.raises(BackupError, match="stop all of them first"):
        after_restore(load(database_url=used.url), LATER)
    assert rows_of(used)["api_tokens"] == 1
    lease.give_up()


def test_what_breaks_in_the_middle_changes_nothing(restored, monkeypatch):
    def broken(_connection: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.backup.after.forget_everything", broken)
    before = rows_of(restored)
    with pytest.raises(KeyboardInterrupt):
        after_restore(load(database_url=restored.url), LATER)
    assert rows_of(restored) == before


def downgrade(database, revision):
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
        connection.commit()


def test_an_older_dump_is_migrated_first(used, tmp_path, postgres_server):
    downgrade(used, "0006")
    file = dump(used, tmp_path / "dump")
    with empty_database(postgres_server) as url:
        database = Database(url)
        pg_restore(file, database)
        assert run(database, "after-restore").status == 0
        assert rows_of(database) == {**HISTORY, "sign_in_events": 1, "database_origins": 1}
        database.close()

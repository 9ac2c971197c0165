"""Another program's lock on what operations write is seen, on both databases."""

import contextlib
import shutil
import sqlite3

import psycopg
import pytest
from sqlalchemy import make_url

from app.db import Database
from app.operations import table_locks
from app.operations.table_locks import are_tables_free


def test_a_lock_on_the_engines_file_is_seen_while_it_is_held(sqlite_db, tmp_path, migrated_file, monkeypatch):
    monkeypatch.setattr(table_locks, "FREE_WITHIN", 0.05)
    file = shutil.copy(migrated_file, tmp_path / "the engine's.db")
    url = f"sqlite:///{file}"
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert are_tables_free(sqlite_db, url) is False
    assert are_tables_free(sqlite_db, url) is True


@pytest.mark.postgres
@pytest.mark.parametrize("mode, is_free", [("ACCESS EXCLUSIVE", False), ("SHARE", False), ("ROW EXCLUSIVE", True)])
@pytest.mark.parametrize("table", ["operations", "dbos.workflow_status"])
def test_a_lock_on_a_table_is_seen_while_it_is_held(migrated_postgres_url, table, mode, is_free):
    plain = make_url(migrated_postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    db = Database(migrated_postgres_url)
    with psycopg.connect(plain) as other:
        other.execute("CREATE SCHEMA IF NOT EXISTS dbos")
        other.execute("CREATE TABLE IF NOT EXISTS dbos.workflow_status (id int)")
        other.commit()
        other.execute(f"LOCK TABLE {table} IN {mode} MODE")
        assert are_tables_free(db, migrated_postgres_url) is is_free
        other.rollback()
        assert are_tables_free(db, migrated_postgres_url) is True
    db.close()

"""An SQLite file that is moved, replaced or locked by others while it is in use."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app import db as module
from app.db import Database


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'history.db'}")
    with database.write() as session:
        session.execute(text("CREATE TABLE kept (what TEXT)"))
    database.engine.dispose()  # the log of a new file is made by its first write
    record(database, "before")
    yield database
    database.close()


def record(database, what: str) -> None:
    with database.write() as session:
        session.execute(text("INSERT INTO kept VALUES (:what)"), {"what": what})


def delete(file) -> None:
    file.unlink()


def replace(file) -> None:
    copy = file.with_name("copy.db")
    shutil.copy(file, copy)
    copy.replace(file)


def delete_log(file) -> None:
    file.with_name(file.name + "-wal").unlink()


@pytest.mark.parametrize("harm", [delete, replace, delete_log])
def test_nothing_is_recorded_in_a_file_that_no_path_names_any_more(database, tmp_path, harm):
    harm(tmp_path / "history.db")
    for _ in range(2):
        with pytest.raises(OperationalError, match=r"history\.db or its log was moved, deleted or replaced"):
            record(database, "lost")
        with pytest.raises(OperationalError), database.read():
            database.ping()
    assert database.outage.is_on


def test_a_file_that_others_hold_keeps_no_thread_waiting_for_long(database, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "UNLOCKED_WITHIN", 0.3)
    monkeypatch.setattr(module, "TURN_WITHIN", 0.3)
    waiting = Database(database.url)
    took = []

    def write() -> None:
        began = time.monotonic()
        with pytest.raises(OperationalError, match="database is locked"):
            record(waiting, "lost")
        took.append(time.monotonic() - began)

    other = sqlite3.connect(tmp_path / "history.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    threads = [threading.Thread(target=write) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    other.close()
    record(waiting, "after")
    waiting.close()
    assert (len(took), max(took) < 1.5) == (6, True), took

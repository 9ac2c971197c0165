"""What the engine leaves behind in its process."""

import threading

import pytest
from sqlalchemy.exc import OperationalError

from app.operations import engine as module
from app.operations.engine import QUEUE_THREADS, Engine
from app.outage import Outage


@pytest.fixture
def reported(monkeypatch):
    """The threads whose ends were reported as they are without an engine."""
    names: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda failed: names.append(failed.thread.name))
    return names


def test_a_listing_that_the_database_ended_is_told_as_the_databases_error(monkeypatch):
    ended = OperationalError("SELECT", {}, Exception("canceling statement due to statement timeout"))

    def list_workflows(**_wanted):
        raise module.DBOSException("This query was cancelled after exceeding its 30s statement timeout.") from ended

    monkeypatch.setattr(module.DBOS, "list_workflows", list_workflows)
    with pytest.raises(OperationalError):
        Engine("sqlite://", "one", Outage()).find(["one"])


async def test_the_ends_of_threads_are_looked_at_once_however_often_an_engine_stops(reported, tmp_path):
    engine = Engine(f"sqlite:///{tmp_path / 'engine.db'}", "one", Outage())
    await engine.close()
    hook = threading.excepthook
    await engine.close()
    assert threading.excepthook is hook
    for name in (f"{QUEUE_THREADS}1", "another"):
        thread = threading.Thread(target=lambda: 1 / 0, name=name)
        thread.start()
        thread.join()
    assert reported == ["another"]

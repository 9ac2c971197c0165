"""What is recorded at the same time is committed together, and each call stands for itself."""

from __future__ import annotations

import asyncio
import sqlite3
import threading

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import SQLAlchemyError

from app.db import Database
from app.operations.write_groups import WriteGroups


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'groups.db'}")
    with database.write() as session:
        session.execute(text("CREATE TABLE told (name TEXT PRIMARY KEY)"))
    yield database
    database.close()


@pytest.fixture
def groups(database):
    groups = WriteGroups(database)
    yield groups
    groups.close()


def told(database) -> set[str]:
    with database.read() as session:
        return set(session.scalars(text("SELECT name FROM told")))


def tell(database, name: str, *, then: Exception | None = None) -> str:
    with database.write() as session:
        session.execute(text("INSERT INTO told VALUES (:name)"), {"name": name})
        if then is not None:
            raise then
    return name


async def together(groups, *calls):
    """Hand in calls while the thread is held, so that they are one group; what each returned or raised."""
    held = threading.Event()
    first = asyncio.ensure_future(groups.run(lambda: held.wait(10)))
    await asyncio.sleep(0)
    rest = [asyncio.ensure_future(groups.run(call)) for call in calls]
    await asyncio.sleep(0)
    held.set()
    await first
    return await asyncio.gather(*rest, return_exceptions=True)


@pytest.fixture
def commits(database):
    """How many transactions are committed from now on."""
    seen: list[None] = []
    event.listen(database.engine, "commit", lambda _: seen.append(None))
    return seen


async def test_calls_at_the_same_time_share_one_commit(database, groups, commits):
    names = [f"call-{number}" for number in range(10)]
    assert await together(groups, *(lambda name=name: tell(database, name) for name in names)) == names
    assert told(database) == set(names)
    assert len(commits) == 1


async def test_a_call_that_raises_takes_back_its_own_and_nothing_else(database, groups, commits):
    error = LookupError("mine")
    found = await together(
        groups,
        lambda: tell(database, "before"),
        lambda: tell(database, "raised", then=error),
        lambda: tell(database, "after"),
    )
    assert found == ["before", error, "after"]
    assert told(database) == {"before", "after"}
    assert len(commits) == 1


async def test_what_the_database_refuses_of_one_keeps_no_other_from_being_recorded(database, groups):
    tell(database, "there")
    found = await together(
        groups, lambda: tell(database, "before"), lambda: tell(database, "there"), lambda: tell(database, "after")
    )
    assert [found[0], found[2]] == ["before", "after"]
    assert isinstance(found[1], SQLAlchemyError)
    assert told(database) == {"there", "before", "after"}


async def test_nobody_is_told_of_a_commit_that_failed(database, groups):
    def refuse(_connection) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    event.listen(database.engine, "commit", refuse)
    found = await together(groups, lambda: tell(database, "one"), lambda: tell(database, "two"))
    event.remove(database.engine, "commit", refuse)
    assert [type(one) for one in found] == [sqlite3.OperationalError] * 2
    assert told(database) == set()
    assert await groups.run(lambda: tell(database, "later")) == "later"


async def test_each_call_sees_what_those_before_it_wrote(database, groups):
    found = await together(groups, lambda: tell(database, "one"), lambda: told(database))
    assert found == ["one", {"one"}]


async def among(groups, *things):
    """Hand in things to record while the thread is held, as `together`; how often they were recorded, and the results."""
    runs = []

    def record(database, these):
        runs.append(tuple(these))
        if "" in these:
            raise ValueError("a name is missing")
        return [tell(database, name) for name in these]

    held = threading.Event()
    first = asyncio.ensure_future(groups.run(lambda: held.wait(10)))
    await asyncio.sleep(0)
    rest = [asyncio.ensure_future(groups.run_among(record, thing)) for thing in things]
    await asyncio.sleep(0)
    held.set()
    await first
    return runs, await asyncio.gather(*rest, return_exceptions=True)


def test_what_is_recorded_by_the_same_function_is_recorded_by_one_call_of_it(database, groups):
    runs, results = asyncio.run(among(groups, "a", "b", "c"))
    assert (runs, results) == ([("a", "b", "c")], ["a", "b", "c"])
    assert told(database) == {"a", "b", "c"}


def test_one_that_cannot_be_recorded_keeps_no_other_from_it(database, groups):
    runs, results = asyncio.run(among(groups, "a", "", "c"))
    assert runs == [("a", "", "c"), ("a",), ("",), ("c",)]
    assert (results[0], isinstance(results[1], ValueError), results[2]) == ("a", True, "c")
    assert told(database) == {"a", "c"}

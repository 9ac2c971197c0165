"""The one poll of open pages: what it answers, when, and what it costs while nothing changes."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.clock import SystemClock
from app.console.changes import EVERY, ChangeWatch, Versions
from tests.console import console, until

__all__ = ["console"]

SERVICE = "/api/v1/services/us-east-1/storefront-web"


def versions(text="1"):
    return Versions(text, "", "", running=0, findings=0)


def ask(console, **query):
    text = "&".join(f"{name}={value}" for name, value in query.items())
    return console.get(f"/changes?{text}")


@pytest.fixture(scope="module")
def known(console):
    until(lambda: console.get("/api/v1/findings").json["coverage"], lambda coverage: coverage["whole"])
    return console


async def test_all_pages_that_wait_share_one_look():
    looks = []

    def look(_before):
        looks.append(time.monotonic())
        return versions()

    with ThreadPoolExecutor(1) as threads:
        watch = ChangeWatch(look, SystemClock(), threads)
        seen = await asyncio.gather(*(watch.after("1||", EVERY) for _ in range(200)))
    assert {each.text for each in seen} == {"1||"}
    assert len(looks) <= 3


async def test_pages_that_wait_cost_nothing_until_one_look_answers_all_of_them():
    slept, changed = [], threading.Event()

    class Counting(SystemClock):
        async def sleep(self, seconds):
            slept.append(seconds)
            await super().sleep(seconds)

    with ThreadPoolExecutor(1) as threads:
        watch = ChangeWatch(lambda _: versions("2" if changed.is_set() else "1"), Counting(), threads)
        waiting = [asyncio.create_task(watch.after("1||", 60)) for _ in range(200)]
        await watch.after("1||", 3 * EVERY)
        assert len(slept) <= 5
        changed.set()
        # Whoever looks first tells all: a page that opens, as well as the watch itself.
        await asyncio.sleep(EVERY)
        await watch.present()
        answered = await asyncio.wait_for(asyncio.gather(*waiting), 10)
    assert {each.text for each in answered} == {"2||"}


async def test_pages_that_wait_are_told_that_the_database_is_away_and_the_next_look_again():
    away = threading.Event()

    def look(_before):
        if away.is_set():
            raise OSError("no database")
        return versions()

    with ThreadPoolExecutor(1) as threads:
        watch = ChangeWatch(look, SystemClock(), threads)
        waiting = [asyncio.create_task(watch.after("1||", 60)) for _ in range(3)]
        await asyncio.wait(waiting, timeout=0.05)
        away.set()
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(answer) for answer in answers] == [OSError] * 3
        away.clear()
        assert (await watch.after("1||", EVERY)).text == "1||"


async def test_pages_that_wait_are_answered_when_the_server_begins_to_stop():
    with ThreadPoolExecutor(1) as threads:
        watch = ChangeWatch(lambda _: versions(), SystemClock(), threads)
        waiting = [asyncio.create_task(watch.after("1||", 60)) for _ in range(3)]
        await asyncio.wait(waiting, timeout=0.05)
        watch.stop()
        later = asyncio.create_task(watch.after("1||", 60))
        answered = await asyncio.wait_for(asyncio.gather(*waiting, later), 10)
    assert {each.text for each in answered} == {"1||"}


async def test_a_page_that_waits_while_the_server_stops_is_told_nothing_new():
    with ThreadPoolExecutor(1) as threads:
        watch = ChangeWatch(lambda _before: versions(), SystemClock(), threads)
        await watch.present()
        threads.shutdown()
        assert (await watch.after("1||", EVERY)).text == "1||"


async def test_a_page_that_waits_is_answered_as_soon_as_something_changes():
    changed = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        watch = ChangeWatch(lambda _: versions("2" if changed.is_set() else "1"), SystemClock(), threads)
        waiting = asyncio.create_task(watch.after("1||", 60))
        await asyncio.wait([waiting], timeout=0.05)
        assert not waiting.done()
        changed.set()
        assert (await asyncio.wait_for(waiting, 10)).text == "2||"


def test_a_page_that_has_the_newest_is_told_nothing_and_one_that_has_not_at_once(known):
    first = ask(known).json
    assert ask(known, seen=first["version"], wait=0).json == {**first, "ended": []}
    assert ask(known, seen="odd", wait=4).json["version"] == first["version"]


def test_the_end_of_an_operation_is_told_with_the_way_to_it(known):
    before = ask(known).json
    started = known.post(f"{SERVICE}/grants", {"repository": "tools/cli"}).json

    def ended():
        news = ask(known, seen=before["version"], since=time.time() - 60, wait=2).json
        return next((one for one in news["ended"] if one["id"] == started["id"]), None)

    told = until(ended)
    assert (told["failed"], told["url"]) == (False, f"/operations/{started['id']}")
    assert told["text"] == "storefront-web can now pull images from tools/cli."
    assert ask(known, seen=before["version"], since=time.time() + 60).json["ended"] == []


def test_a_page_names_the_version_it_was_made_of(known):
    def version_of_page():
        return known.get("/containers").text.split('data-version="')[1].split('"')[0]

    until(version_of_page, lambda version: version == ask(known, seen=version).json["version"])


@pytest.mark.parametrize("query", ["since=x", "wait=99", "seen=" + "x" * 500])
def test_odd_questions_are_refused(known, query):
    assert known.get(f"/changes?{query}").status == 422

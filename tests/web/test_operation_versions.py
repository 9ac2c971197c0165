"""Polls of many modals: one query for all that ask at once, and a pace at which the server can answer them."""

import asyncio

import pytest

from app.console.operation_versions import LONGEST_POLL, MOST, PAUSE, POLL, OperationVersions, PollPace
from tests.fake_clock import FakeClock

KNOWN = {"one": 3, "two": 7}


class Table:
    """The versions, and what was asked for in each query."""

    def __init__(self) -> None:
        self.queries: list[set[str]] = []
        self.error: Exception | None = None
        self.was_asked = asyncio.Event()

    async def read(self, ids):
        self.queries.append(set(ids))
        self.was_asked.set()
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return {id_: KNOWN[id_] for id_ in ids if id_ in KNOWN}


@pytest.fixture
def clock():
    return FakeClock(jumps=False)


@pytest.fixture
def table():
    return Table()


@pytest.fixture
def versions(table, clock):
    return OperationVersions(table.read, clock)


async def test_all_that_ask_at_the_same_time_are_one_query(versions, table):
    asked = ["one", "two", "gone", "one"] * 100
    assert await asyncio.gather(*map(versions.of, asked)) == [3, 7, None, 3] * 100
    assert table.queries == [{"one", "two", "gone"}]


async def test_who_asks_while_a_query_runs_gets_what_is_read_after_it_asked(versions, table, clock):
    first = asyncio.create_task(versions.of("one"))
    await table.was_asked.wait()
    second = asyncio.create_task(versions.of("one"))
    assert await first == 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(KNOWN, "one", 4)
        clock.advance(PAUSE)
        assert await second == 4
    assert len(table.queries) == 2


async def test_a_query_that_fails_fails_those_who_asked_and_no_one_after_them(versions, table, clock):
    table.error = ConnectionError()
    with pytest.raises(ConnectionError):
        await versions.of("one")
    table.error = None
    later = asyncio.create_task(versions.of("one"))
    await asyncio.sleep(0)
    clock.advance(PAUSE)
    assert await later == 3


async def test_one_that_stops_waiting_takes_nothing_from_the_others(versions):
    gone, stays = asyncio.create_task(versions.of("one")), asyncio.create_task(versions.of("one"))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == 3


def rate(pace, clock, modals: int, waits: float = 0.0) -> float:
    """Polls a second of so many modals, once each polls at the pace that it was told last."""
    step, seconds, measured = 0.05, 80.0, 20.0
    due, polls = [POLL * number / modals for number in range(modals)], 0
    for turn in range(round(seconds / step)):
        now = turn * step
        for number, at in enumerate(due):
            if at <= now:
                pace.count(waits)
                polls += now >= seconds - measured
                due[number] = at + pace.seconds
        clock.advance(step)
    return polls / measured


def test_few_modals_poll_as_often_as_ever_and_many_share_what_the_server_can_answer(clock):
    pace = PollPace(clock)
    assert rate(pace, clock, 100) == pytest.approx(100 / POLL, rel=0.05)
    assert pace.seconds == POLL
    assert rate(pace, clock, 1_000) == pytest.approx(MOST, rel=0.1)
    assert rate(pace, clock, 10) == pytest.approx(10 / POLL, rel=0.05)
    rate(pace, clock, 10 * MOST)
    assert pace.seconds == LONGEST_POLL


def test_modals_poll_less_often_while_a_server_is_too_busy_for_them_and_as_before_afterwards(clock):
    pace = PollPace(clock)
    assert rate(pace, clock, 100, waits=0.3) == pytest.approx(100 / LONGEST_POLL, rel=0.05)
    assert rate(pace, clock, 100) == pytest.approx(100 / POLL, rel=0.05)

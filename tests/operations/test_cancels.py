import asyncio

import pytest

from app.operations.cancellation import EVERY, CancelWatch
from app.supervisor import Supervisor
from tests.fake_clock import FakeClock


class Asked:
    """The cancel requests that the database would return, and how often they were read."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.looks = 0

    async def __call__(self) -> list[str]:
        self.looks += 1
        return self.ids


@pytest.fixture
def asked():
    return Asked()


@pytest.fixture
def clock():
    return FakeClock(jumps=False)


@pytest.fixture
async def watch(asked, clock):
    watch, supervisor = CancelWatch(asked), Supervisor(clock)

    async def look() -> bool:
        await watch.look()
        return True

    supervisor.every(supervisor.part("cancellation", 60), EVERY, look, at_once=True)
    yield watch
    await supervisor.stop()


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_request_made_here_is_seen_at_once(watch):
    async with watch.watching("one") as stopped:
        watch.notice("one")
        await asyncio.wait_for(stopped.wait(), 1)


async def test_a_request_made_elsewhere_is_seen_at_the_next_look(watch, asked, clock):
    async with watch.watching("one") as stopped:
        await turns()
        asked.ids.append("one")
        assert not stopped.is_set()
        clock.advance(1)
        await asyncio.wait_for(stopped.wait(), 1)


async def test_nobody_else_is_stopped(watch):
    async with watch.watching("one") as one, watch.watching("other") as other:
        watch.notice("other")
        await asyncio.wait_for(other.wait(), 1)
        assert not one.is_set()


async def test_two_runs_of_one_operation_are_both_stopped(watch):
    async with watch.watching("one") as first, watch.watching("one") as second:
        watch.notice("one")
        await asyncio.wait_for(asyncio.gather(first.wait(), second.wait()), 1)


async def test_a_thousand_that_wait_are_one_look_a_second(watch, asked, clock):
    watched = [watch.watching(str(number)) for number in range(1000)]
    for each in watched:
        await each.__aenter__()
    for _ in range(3):
        await turns()
        clock.advance(1)
    await turns()
    assert asked.looks == 3
    for each in watched:
        await each.__aexit__(None, None, None)


async def test_nothing_is_looked_up_once_nobody_works(watch, asked, clock):
    async with watch.watching("one"):
        await turns()
        clock.advance(1)
        await turns()
    for _ in range(2):
        clock.advance(1)
        await turns()
    assert asked.looks == 1

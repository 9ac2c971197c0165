"""The AWS pool keeps its limits, serves those who wait before background work, and hands on what calls return."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError

import pytest

from app.aws.calls import AwsCalls, CallCounts
from app.errors import Problem


@pytest.fixture
def calls():
    pool = AwsCalls(pool_size=4, per_region_limit=2)
    yield pool
    pool.close()


class Gate:
    """A call that blocks until it is let through, and says who came by."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.came: list[str] = []

    def __call__(self, name: str = "") -> str:
        self.came.append(name)
        assert self.open.wait(10)
        return name


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.open.set()


async def running(calls: AwsCalls, count: int) -> None:
    while calls.counts().running != count:  # noqa: ASYNC110  (threads set it, no event of the loop does)
        await asyncio.sleep(0)


async def start(calls: AwsCalls, gate: Gate, region: str, *names: str, background: bool = False) -> list:
    run = calls.run_in_background if background else calls.run
    tasks = [asyncio.ensure_future(run(region, gate, name)) for name in names]
    await asyncio.sleep(0)
    return tasks


async def test_a_call_returns_what_it_returns_and_raises_what_it_raises(calls):
    def refuse() -> None:
        raise Problem("aws.throttled")

    assert await calls.run("us-east-1", max, 3, 5, key=abs) == 5
    with pytest.raises(Problem, match=r"aws\.throttled"):
        await calls.run("us-east-1", refuse)


async def test_a_region_uses_no_more_than_its_share(calls, gate):
    tasks = await start(calls, gate, "us-east-1", "a", "b", "c")
    await running(calls, 2)
    assert calls.counts() == CallCounts(waiting=1, running=2, ended=0)
    gate.open.set()
    assert await asyncio.gather(*tasks) == ["a", "b", "c"]


async def test_another_region_is_served_meanwhile(calls, gate):
    tasks = await start(calls, gate, "us-east-1", "a", "b", "c")
    assert await calls.run("eu-west-1", str, 1) == "1"
    gate.open.set()
    await asyncio.gather(*tasks)


async def test_all_regions_together_use_no_more_than_the_pool(calls, gate):
    tasks = [task for region in "abc" for task in await start(calls, gate, region, "1", "2")]
    await running(calls, 4)
    assert calls.counts().waiting == 2
    gate.open.set()
    await asyncio.gather(*tasks)


async def test_what_somebody_waits_for_goes_before_background_work(gate):
    calls = AwsCalls(pool_size=4, per_region_limit=1)
    tasks = await start(calls, gate, "us-east-1", "scan 1", "scan 2", "scan 3", background=True)
    await running(calls, 1)
    tasks += await start(calls, gate, "us-east-1", "click 1", "click 2")
    gate.open.set()
    await asyncio.gather(*tasks)
    assert gate.came == ["scan 1", "click 1", "click 2", "scan 2", "scan 3"]
    calls.close()


async def test_background_work_leaves_room_in_the_pool(calls, gate):
    tasks = [task for region in "abcd" for task in await start(calls, gate, region, "scan", background=True)]
    await running(calls, 3)
    assert await calls.run("e", str, 1) == "1"
    gate.open.set()
    await asyncio.gather(*tasks)


async def test_a_call_that_nobody_awaits_any_more_is_not_made(calls, gate):
    tasks = await start(calls, gate, "us-east-1", "a", "b", "c")
    await running(calls, 2)
    tasks[2].cancel()
    await asyncio.wait(tasks[2:])
    gate.open.set()
    await asyncio.gather(*tasks[:2])
    assert await calls.run("us-east-1", str, 1) == "1"
    assert gate.came == ["a", "b"]


def test_a_plain_thread_may_call_too(calls):
    assert calls.call("us-east-1", pow, 2, 5) == 32


async def test_closing_cancels_what_waits_and_lets_the_rest_end(calls, gate):
    tasks = await start(calls, gate, "us-east-1", "a", "b", "c")
    await running(calls, 2)
    calls.close()
    gate.open.set()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert ended[:2] == ["a", "b"]
    assert isinstance(ended[2], asyncio.CancelledError | CancelledError)


async def test_a_closed_pool_takes_no_call(calls):
    calls.close()
    with pytest.raises(RuntimeError):
        await calls.run("us-east-1", str, 1)


async def test_a_thousand_calls_all_end(calls):
    regions = [f"region-{number % 7}" for number in range(1_000)]
    results = await asyncio.gather(*(calls.run(region, str, number) for number, region in enumerate(regions)))
    assert results == [str(number) for number in range(1_000)]
    assert calls.counts() == CallCounts(waiting=0, running=0, ended=1_000)

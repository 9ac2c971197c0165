"""The AWS pool keeps its limits, runs awaited calls before background work, and returns what calls return."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import CancelledError

import pytest

from app.aws.call_pool import AwsCalls, CallCounts
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


class OfService:
    """A port whose calls all block."""

    def __init__(self, service: str, gate: Gate) -> None:
        self.service = service
        self.gate = gate

    def call(self) -> str:
        return self.gate(self.service)


async def test_one_service_leaves_room_in_its_region(gate):
    calls = AwsCalls(pool_size=16, per_region_limit=8)
    ecr, lightsail = OfService("ecr", gate), OfService("lightsail", Gate())
    tasks = [asyncio.ensure_future(calls.run("us-east-1", ecr.call)) for _ in range(20)]
    await running(calls, 6)
    lightsail.gate.open.set()
    assert await calls.run("us-east-1", lightsail.call) == "lightsail"
    gate.open.set()
    await asyncio.gather(*tasks)
    calls.close()


async def test_a_call_that_hangs_is_given_up_and_its_place_taken_by_another(gate):
    calls = AwsCalls(pool_size=2, per_region_limit=2, longest=0.05)
    hanging = await start(calls, gate, "us-east-1", "a", "b")
    for task in hanging:
        with pytest.raises(Problem) as raised:
            await task
        assert (raised.value.code, raised.value.retryable, raised.value.effect_unknown) == ("aws.call_lost", True, True)
    assert calls.counts() == CallCounts(waiting=0, running=0, ended=2, lost=2)
    assert await calls.run("us-east-1", str, 1) == "1"
    gate.open.set()
    while calls.counts().lost:  # noqa: ASYNC110  (threads set it)
        await asyncio.sleep(0)
    assert await calls.run("us-east-1", str, 2) == "2"
    calls.close()


async def test_hanging_calls_never_use_up_all_threads_of_the_machine(monkeypatch, gate):
    monkeypatch.setattr("app.aws.call_pool.MOST_LOST", 1)
    calls = AwsCalls(pool_size=3, per_region_limit=3, longest=0.02)
    for task in await start(calls, gate, "us-east-1", "a", "b", "c"):
        with pytest.raises(Problem):
            await task
    with pytest.raises(Problem, match=r"aws\.call_lost"):
        await calls.run("us-east-1", str, 1)
    gate.open.set()
    while calls.counts().lost:  # noqa: ASYNC110  (threads set it)
        await asyncio.sleep(0)
    assert await calls.run("us-east-1", str, 1) == "1"
    calls.close()


async def test_a_machine_without_threads_is_named_and_the_call_may_be_tried_again(monkeypatch):
    calls = AwsCalls(pool_size=2)

    def no_thread(_):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        with pytest.raises(Problem) as raised:
            await calls.run("us-east-1", str, 1)
    assert (raised.value.code, raised.value.retryable) == ("host.out_of_threads", True)
    assert await calls.run("us-east-1", str, 1) == "1"
    calls.close()


async def test_where_no_more_threads_can_be_had_those_there_are_do_the_work(monkeypatch):
    calls = AwsCalls(pool_size=4, per_region_limit=4)
    assert await calls.run("us-east-1", str, 0) == "0"

    def no_thread(_):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        results = await asyncio.gather(*(calls.run("us-east-1", str, number) for number in range(20)))
    assert results == [str(number) for number in range(20)]
    calls.close()


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, StopIteration, GeneratorExit])
async def test_what_a_call_raises_never_ends_the_loop_nor_is_lost(calls, kind):
    def end():
        raise kind

    with pytest.raises(RuntimeError, match=kind.__name__):
        await calls.run("us-east-1", end)


def test_a_process_ends_whatever_hangs_in_its_threads():
    program = """
import asyncio, time
from app.aws.call_pool import AwsCalls

async def main():
    calls = AwsCalls()
    asyncio.ensure_future(calls.run("us-east-1", time.sleep, 600))
    while not calls.counts().running:
        await asyncio.sleep(0)
    calls.close()

asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)

"""No more policies are between their read and their write than can follow each other within the second."""

import asyncio
import threading

import pytest

from app.operations.write_slots import AT_ONCE, WriteSlots
from tests.build import SERVICE
from tests.fake_clock import FakeClock
from tests.fakes import FakeRepositories
from tests.operations.workshop import active, repository

pytestmark = pytest.mark.both_databases

COUNT = 4 * AT_ONCE


@pytest.fixture
def waiting_for_write(monkeypatch):
    """How many policies had been read and not yet written, at each read."""
    lock, read, written, counts = threading.Lock(), set(), set(), []
    get_policy, set_policy = FakeRepositories.get_policy, FakeRepositories.set_policy

    def get(self, name):
        with lock:
            read.add(name)
            counts.append(len(read - written))
        return get_policy(self, name)

    def put(self, name, text):
        answered = set_policy(self, name, text)
        with lock:
            written.add(name)
        return answered

    monkeypatch.setattr(FakeRepositories, "get_policy", get)
    monkeypatch.setattr(FakeRepositories, "set_policy", put)
    return counts


def test_of_many_operations_at_once_few_have_read_what_they_have_not_written(shop, aws, waiting_for_write):
    active(aws, SERVICE)
    names = [f"team/{number}" for number in range(COUNT)]
    for name in names:
        repository(aws, name)
    started = [shop.grant(SERVICE, name) for name in names]
    assert {shop.ended(each).outcome for each in started} == {"succeeded"}
    assert 1 < max(waiting_for_write) <= AT_ONCE


@pytest.fixture
def clock():
    return FakeClock(jumps=False)


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def hold(slots: WriteSlots, order: list[str], name: str, until: asyncio.Event) -> None:
    async with slots.slot():
        order.append(name)
        await until.wait()


async def test_a_slot_is_given_on_in_the_order_in_which_it_was_asked_for(clock):
    slots, order, let_go = WriteSlots(clock, 1.0, 1), [], asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for name in ("first", "second", "third"):
            group.create_task(hold(slots, order, name, let_go))
        await turns()
        assert order == ["first"]
        let_go.set()
    assert order == ["first", "second", "third"]


async def test_who_waits_longer_than_a_read_is_good_for_keeps_nobody_waiting(clock):
    slots, order, let_go = WriteSlots(clock, 1.0, 1), [], asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for name in ("hangs", "second", "third"):
            group.create_task(hold(slots, order, name, let_go))
        await turns()
        clock.advance(1.0)
        await turns()
        assert order == ["hangs", "second"]
        let_go.set()
    async with slots.slot():  # the one that hung gave its slot back once, not twice
        third = asyncio.create_task(hold(slots, order, "later", let_go))
        await turns()
        assert "later" not in order
    await third


async def test_what_is_cancelled_while_it_waits_or_holds_takes_no_slot_with_it(clock):
    slots, order = WriteSlots(clock, 1.0, 1), []
    tasks = [asyncio.create_task(hold(slots, order, name, asyncio.Event())) for name in ("holds", "waits")]
    await turns()
    for task in reversed(tasks):
        task.cancel()
    await asyncio.wait(tasks)
    async with asyncio.timeout(1), slots.slot():
        assert order == ["holds"]

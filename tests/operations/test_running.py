import asyncio

import pytest

from app.operations.local_tasks import Running
from tests.fake_clock import FakeClock


@pytest.fixture
def clock():
    return FakeClock(jumps=False)


@pytest.fixture
def running(clock):
    return Running(clock)


async def began(coroutine) -> asyncio.Task:
    task = asyncio.ensure_future(coroutine)
    for _ in range(3):
        await asyncio.sleep(0)
    return task


async def test_steps_begin_while_nobody_can_have_taken_over(running):
    running.may_begin_until(10)
    await asyncio.wait_for(running.admit(), 1)


async def test_steps_wait_from_then_on_until_there_is_a_sign_of_life(running, clock):
    running.may_begin_until(10)
    clock.advance(10)
    waiting = await began(running.admit())
    assert not waiting.done()
    running.may_begin_until(20)
    await asyncio.wait_for(waiting, 1)


async def test_no_step_begins_once_it_is_to_stop(running):
    assert await running.drain(1)
    waiting = await began(running.admit())
    assert not waiting.done()
    waiting.cancel()


async def test_a_stop_waits_for_a_change_on_its_way(running):
    with running.writing("one"):
        draining = await began(running.drain(5))
        assert not draining.done()
    assert await draining


async def test_a_change_that_takes_too_long_is_not_waited_for(running):
    with running.writing("one"):
        assert not await running.drain(0.01)


async def test_what_is_dropped_ends_wherever_it_stands(running):
    async def work() -> None:
        with running.working("one"):
            await asyncio.Event().wait()

    task = await began(work())
    assert running.ids == {"one"}
    assert await running.drop() == {"one"}
    assert (task.cancelled(), running.ids) == (True, frozenset())


async def test_who_waits_for_others_goes_on_soon_after_a_change_here(running, clock):
    waiting = await began(running.wait_for_change(running.changes, 0.25, 1))
    clock.advance(0.5)
    running.note_change()
    await asyncio.wait_for(waiting, 1)


async def test_changes_in_a_row_are_one_reason_to_look(running, clock):
    waiting = await began(running.wait_for_change(running.changes, 0.25, 1))
    running.note_change()
    running.note_change()
    waiting = await began(waiting)
    assert not waiting.done()
    clock.advance(0.25)
    await asyncio.wait_for(waiting, 1)


async def test_a_change_between_the_look_and_the_wait_is_not_missed(running, clock):
    seen = running.changes
    running.note_change()
    waiting = await began(running.wait_for_change(seen, 0.25, 1))
    clock.advance(0.25)
    await asyncio.wait_for(waiting, 1)


async def test_changes_elsewhere_are_looked_for_after_a_while(running, clock):
    waiting = await began(running.wait_for_change(running.changes, 0.25, 1))
    clock.advance(0.75)
    waiting = await began(waiting)
    assert not waiting.done()
    clock.advance(0.25)
    await asyncio.wait_for(waiting, 1)

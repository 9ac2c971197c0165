"""Nothing that runs beside the requests dies unseen, and nothing hangs unseen."""

import asyncio
import logging

import pytest

from app.supervisor import Supervisor
from tests.fakes import FakeClock


class Work:
    """Fails as often as it is told to, then waits for ever."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.runs = 0

    async def __call__(self) -> None:
        self.runs += 1
        if self.runs <= self.failures:
            raise RuntimeError("broken")
        await asyncio.Event().wait()


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def supervisor(clock):
    return Supervisor(clock)


async def settle(until) -> None:
    for _ in range(2_000):
        if until():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to hold")


async def test_a_part_that_fails_is_started_again(supervisor):
    work, part = Work(3), supervisor.part("reader", 60)
    supervisor.run(part, work)
    await settle(lambda: work.runs == 4)
    assert part.restarts == 3
    await supervisor.stop()


async def test_the_pause_between_starts_grows(supervisor, clock):
    work = Work(20)
    supervisor.run(supervisor.part("reader", 60), work)
    await settle(lambda: work.runs == 10)
    assert 100 < clock.monotonic() < 300
    await supervisor.stop()


async def test_one_failure_is_logged_once(supervisor, caplog):
    work, part = Work(5), supervisor.part("reader", 60)
    with caplog.at_level(logging.INFO):
        supervisor.run(part, work)
        await settle(lambda: work.runs == 6)
        part.turned()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    await supervisor.stop()


async def test_a_part_that_no_longer_turns_is_stuck_and_told_once(supervisor, clock, caplog):
    part = supervisor.part("lease", 10, needed=True)
    clock.advance(11)
    with caplog.at_level(logging.ERROR):
        assert supervisor.stuck() == (part,)
        assert supervisor.stuck() == (part,)
        part.turned()
        assert supervisor.stuck() == ()
    assert len(caplog.records) == 1


async def test_rounds_turn_and_go_on_after_a_failure(supervisor, clock):
    rounds = []

    async def work() -> bool:
        rounds.append(clock.monotonic())
        if len(rounds) == 2:
            raise RuntimeError("broken")
        return True

    part = supervisor.part("reader", 60)
    supervisor.every(part, 5, work, at_once=True)
    await settle(lambda: len(rounds) == 5)
    assert part.restarts == 1
    await supervisor.stop()


async def test_rounds_that_cannot_do_their_work_do_not_turn(supervisor, clock):
    rounds = []

    async def work() -> bool:
        rounds.append(clock.monotonic())
        return False

    part = supervisor.part("lease", 10)
    supervisor.every(part, 5, work)
    await settle(lambda: len(rounds) == 4)
    assert (part.is_stuck, part.restarts) == (True, 0)
    await supervisor.stop()

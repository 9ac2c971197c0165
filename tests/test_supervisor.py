"""No background task dies or hangs unnoticed."""

import asyncio
import logging
import math

import pytest
from sqlalchemy.exc import OperationalError

from app.supervisor import Supervisor
from tests.fake_clock import FakeClock


class Work:
    """Fails as often as set, then waits forever."""

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


async def test_a_part_that_hangs_is_started_again_and_counted(supervisor, clock):
    runs = []

    async def hangs_once() -> None:
        runs.append(clock.monotonic())
        if len(runs) > 1:
            part.turned(math.inf)
        await asyncio.Event().wait()

    part = supervisor.part("reader", 10)
    supervisor.run(part, hangs_once)
    await settle(lambda: len(runs) == 2)
    assert (part.restarts, part.is_stuck) == (1, False)
    assert 10 < clock.monotonic() < 15
    await supervisor.stop()


async def test_a_part_that_cannot_work_but_lives_is_not_started_again(supervisor, clock):
    async def work() -> bool:
        return False

    part = supervisor.part("lease", 10)
    supervisor.every(part, 5, work)
    await settle(lambda: clock.monotonic() > 60)
    assert (part.is_stuck, part.hangs, part.restarts) == (True, False, 0)
    await supervisor.stop()


async def test_a_part_whose_task_is_elsewhere_is_started_there(supervisor, clock):
    started: list[float] = []
    part = supervisor.part("poller", 10, start_again=lambda: started.append(clock.monotonic()))
    clock.advance(11)
    supervisor.start_hanging_again()
    supervisor.start_hanging_again()
    assert (len(started), part.restarts) == (1, 1)


async def test_a_part_that_rests_is_not_stuck(supervisor, clock):
    part = supervisor.part("reader", 10)
    part.turned(600)
    clock.advance(605)
    assert not part.is_stuck
    clock.advance(10)
    assert part.is_stuck


async def test_a_database_that_is_away_is_not_told_by_every_part(supervisor, caplog):
    async def work() -> None:
        raise OperationalError("SELECT 1", {}, Exception("connection refused"))

    part = supervisor.part("reader", 600)
    supervisor.run(part, work)
    await settle(lambda: part.restarts > 3)
    assert caplog.records == []
    await supervisor.stop()

"""A changed clock, or a machine that slept, is detected and logged."""

from datetime import timedelta

import pytest

from app.clock_watch import ClockWatch
from tests.operations.test_deadlines import WrongClock


@pytest.fixture
def clock():
    return WrongClock(jumps=False)


@pytest.fixture
async def watch(clock):
    """A watch that has looked once, and how often it had times taken back since."""
    taken_back: list[float] = []

    async def set_back() -> None:
        taken_back.append(clock.monotonic())

    watch = ClockWatch(clock, set_back)
    await watch.look()
    assert len(taken_back) == 1  # what another run kept may be in the future
    taken_back.clear()
    return watch, taken_back


@pytest.mark.parametrize("seconds, backwards", [(3600, 0), (-3600, 1), (86_400, 0), (-45, 1)])
async def test_a_jump_is_logged_once(watch, clock, caplog, seconds, backwards):
    looking, taken_back = watch
    clock.off = timedelta(seconds=seconds)
    for _ in range(3):
        clock.advance(5)
        await looking.look()
    assert [str(abs(seconds)) in record.getMessage() for record in caplog.records] == [True]
    assert (looking.jumps, len(taken_back)) == (1, backwards)


@pytest.mark.parametrize("seconds", [0, 0.5, -20, 20])
async def test_a_clock_that_is_corrected_a_little_is_not_logged(watch, clock, caplog, seconds):
    looking, taken_back = watch
    clock.off = timedelta(seconds=seconds)
    clock.advance(5)
    await looking.look()
    assert (caplog.records, looking.jumps, taken_back) == ([], 0, [])

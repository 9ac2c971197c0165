"""A wrong clock neither ends a wait nor makes it last forever."""

from datetime import timedelta

import pytest

from app.operations.deadlines import Deadlines
from tests.fake_clock import FakeClock

HOUR, LIMIT, LEAST = 3600.0, 900.0, 300.0


class WrongClock(FakeClock):
    """A clock that can be set."""

    off = timedelta()

    def now(self):
        return super().now() + self.off


@pytest.fixture
def clock():
    return WrongClock(jumps=False)


def left(deadlines, deadline):
    return deadlines.left(deadline, limit=LIMIT, least=LEAST)


@pytest.mark.parametrize("off", [-24 * HOUR, -HOUR, 0, HOUR, 24 * HOUR])
def test_in_the_process_that_set_it_only_the_time_counts_that_passes(clock, off):
    deadlines = Deadlines(clock)
    deadline = deadlines.after(LIMIT)
    clock.off = timedelta(seconds=off)
    clock.advance(100)
    assert left(deadlines, deadline) == LIMIT - 100
    clock.advance(2_000)
    assert left(deadlines, deadline) == 0


def test_another_process_goes_on_with_what_is_left(clock):
    deadline = Deadlines(clock).after(LIMIT)
    clock.advance(200)
    assert left(Deadlines(clock), deadline) == pytest.approx(LIMIT - 200)


@pytest.mark.parametrize("off, expected", [(HOUR, LEAST), (-HOUR, LIMIT)])
def test_another_process_with_a_wrong_clock_neither_gives_up_at_once_nor_waits_for_ever(clock, off, expected):
    deadline = Deadlines(clock).after(LIMIT)
    clock.off = timedelta(seconds=off)
    assert left(Deadlines(clock), deadline) == expected

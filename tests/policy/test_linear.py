"""No policy text can block the console: all processing takes time linear in its length."""

import gc
import time

import pytest

from tests.policy.hostile import HOSTILE
from tests.policy.work import ECR_LIMIT, SECONDS, WORK, both_layers, pair, seconds
from tests.slowness import slowness

SLACK = 4
RATIO = 2.5 * 2.5  # of four times the text: 2.5 for twice, and twice that again


def grows_too_fast(work, small, large):
    """Whether four times the text takes much more than four times the time, however often it is measured.

    Both in turn, so that what else the machine does slows both down.
    """
    shorter = longer = float("inf")
    for _ in range(40):
        longer = min(longer, seconds(work, *large, times=1))
        shorter = min(shorter, seconds(work, *small, times=1))
        if longer < 0.012 or longer <= RATIO * shorter:
            return False
    return True


def allowed():
    """Seconds: far more than promised, which `make bench` measures; work that isn't linear takes a hundred times as long.

    Whoever shares a slow machine also takes its caches.
    """
    return SECONDS * SLACK * min(slowness(time.thread_time) for _ in range(3))


def is_slow(work, texts):
    return all(seconds(work, *texts, times=times) > allowed() for times in (1, 3, 6, 12, 24))


@pytest.fixture(autouse=True)
def no_collection():
    """Collecting garbage visits all that other tests left in memory."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("name", HOSTILE)
def test_as_long_as_ecr_allows_it_is_done_at_once(name):
    texts = pair(name, ECR_LIMIT)
    works = {**WORK, "both layers": lambda text, _: both_layers(text)}
    assert [label for label, work in works.items() if is_slow(work, texts)] == []


@pytest.mark.parametrize("name", HOSTILE)
def test_twice_the_text_takes_no_more_than_two_and_a_half_times_as_long(name):
    small, large = pair(name, ECR_LIMIT // 2), pair(name, 2 * ECR_LIMIT)
    assert [label for label, work in WORK.items() if grows_too_fast(work, small, large)] == []


def test_work_that_grows_with_the_square_of_the_text_is_noticed():
    def square(text, _):
        return [text.count("no such word") for _ in range(0, len(text), 4)]

    small, large = pair("many principals", ECR_LIMIT // 2), pair("many principals", 2 * ECR_LIMIT)
    assert grows_too_fast(square, small, large)
    assert not grows_too_fast(WORK["readers"], small, large)


def test_three_hundred_actions_that_would_backtrack_for_minutes_take_milliseconds():
    text = HOSTILE["backtracking actions"](ECR_LIMIT)
    assert text.count("*?*?") > 250
    assert not is_slow(WORK["evaluate"], (text, text))

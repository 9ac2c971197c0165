from __future__ import annotations

from app.auth import tries
from app.auth.tries import Tries


def after_wrong(times: int, address: str = "a") -> Tries:
    counted = Tries()
    for _ in range(times):
        counted.wrong(address, 0.0)
    return counted


def test_a_few_wrong_tries_are_free():
    assert after_wrong(tries.ALLOWED - 1).wait("a", 1.0) == 0


def test_more_have_to_wait_for_the_rest_of_the_minute():
    assert after_wrong(tries.ALLOWED).wait("a", 20.0) == 40


def test_another_address_does_not_wait():
    assert after_wrong(tries.ALLOWED).wait("b", 1.0) == 0


def test_the_count_begins_anew_after_the_minute():
    counted = after_wrong(tries.ALLOWED)
    counted.wrong("a", 60.0)
    assert counted.wait("a", 61.0) == 0


def test_memory_stays_bounded_and_still_counts():
    counted = Tries()
    for number in range(tries.ADDRESSES * 3):
        counted.wrong(str(number), 0.0)
    assert len(counted._wrong) <= tries.ADDRESSES
    assert counted._wrong[str(tries.ADDRESSES * 3 - 1)] == (0.0, 1)

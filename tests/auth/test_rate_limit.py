from __future__ import annotations

from app.auth.rate_limit import FailedTries


def after_failures(times: int, address: str = "a") -> FailedTries:
    tries = FailedTries()
    for _ in range(times):
        tries.failed(address, 0.0)
    return tries


def test_nine_failures_are_within_the_limit():
    assert after_failures(9).wait("a", 1.0) == 0


def test_after_ten_an_address_waits_for_the_rest_of_the_minute():
    assert after_failures(10).wait("a", 20.0) == 40


def test_another_address_does_not_wait():
    assert after_failures(10).wait("b", 1.0) == 0


def test_the_count_begins_again_after_the_minute():
    tries = after_failures(10)
    assert tries.wait("a", 60.0) == 0
    tries.failed("a", 60.0)
    assert tries.wait("a", 61.0) == 0


def test_memory_stays_bounded_and_still_counts():
    tries = FailedTries()
    for number in range(3000):
        tries.failed(str(number), 0.0)
    assert len(tries._failures) <= 1000
    assert tries._failures["2999"] == (0.0, 1)


def test_addresses_within_the_minute_are_kept_while_there_is_room():
    tries = after_failures(10, "old")
    for number in range(1000):
        tries.failed(str(number), 59.0 if number < 900 else 61.0)
    assert tries.wait("0", 61.0) == 0
    assert tries._failures["0"] == (59.0, 1)
    assert "old" not in tries._failures

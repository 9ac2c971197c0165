"""Which differences between recorded changes and readings of a policy somebody else has made."""

from datetime import UTC, datetime, timedelta

import pytest

from app.foreign_changes import SeenPolicy, foreign_changes
from app.history.drift import RecordedChange
from tests.build import a_policy, a_statement

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
A, B, C = (a_policy([a_statement(sid=sid)]) for sid in "ABC")


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def change(before, after, seconds, *, by_us=True, answered=True):
    return RecordedChange(f"at {seconds}", before, after, at(seconds), at(seconds) if answered else None, by_us)


def found(recorded, reading):
    return [(each.seen.before, each.seen.after, each.sure) for each in foreign_changes(recorded, reading)]


@pytest.mark.parametrize(
    "recorded, text, expected",
    [
        ([change(A, B, 0)], B, []),
        ([change(A, B, 0)], C, [(B, C, False)]),
        ([change(A, B, 0)], None, [(B, None, False)]),
        ([change(None, B, 0), change(C, A, 10)], A, [(B, C, True)]),
        ([change(None, B, 0), change(C, A, 10)], B, [(B, C, True), (A, B, False)]),
        ([change(A, B, 0), change(A, C, 10)], C, [(B, A, True)]),
        # ECR may tell an older text for some seconds.
        ([change(A, B, 0), change(A, C, 3)], C, []),
        ([change(A, B, 0), change(C, A, 3)], A, [(B, C, True)]),
        # What a reading showed begins where it was seen; it is recorded already.
        ([change(A, B, 0), change(A, C, 10, by_us=False)], C, []),
        # AWS may have carried it out.
        ([change(A, B, 0), change(B, C, 10, answered=False)], C, []),
        ([change(A, B, 10), change(B, C, 0, answered=False)], C, [(B, C, False)]),
    ],
)
def test_a_difference_is_somebodys(recorded, text, expected):
    assert found(recorded, SeenPolicy(text, at(100))) == expected


def test_a_reading_within_the_time_that_ecr_takes_shows_nothing():
    assert found([change(A, B, 0)], SeenPolicy(A, at(5))) == []
    assert found([change(A, B, 0)], SeenPolicy(A, at(5.001))) == [(B, A, False)]


def test_where_nothing_is_recorded_two_readings_are_compared():
    assert found([], SeenPolicy(B, at(9), A, at(1))) == [(A, B, False)]
    assert found([], SeenPolicy(B, at(9), B, at(1))) == []
    assert found([], SeenPolicy(B, at(9))) == []


@pytest.mark.parametrize("recorded", [[], [change(None, A, -10)]])
def test_a_write_without_an_answer_hides_no_change_once_aws_can_no_longer_carry_it_out(recorded):
    unanswered = [*recorded, change(A, B, 0, answered=False)]
    assert found(unanswered, SeenPolicy(C, at(2000), B, at(800))) == []
    assert found(unanswered, SeenPolicy(C, at(2000), B, at(1000))) == [(B, C, False)]
    assert found(unanswered, SeenPolicy(B, at(2000), B, at(1000))) == []


def test_the_time_of_the_text_before_is_the_last_at_which_it_was_known():
    def since(reading):
        (each,) = foreign_changes([change(A, B, 0)], reading)
        return each.seen.before_at

    assert since(SeenPolicy(C, at(100), B, at(50))) == at(50)
    assert since(SeenPolicy(C, at(100), A, at(50))) == at(0)
    assert since(SeenPolicy(C, at(100), B, at(-50))) == at(0)


def test_the_same_change_has_the_same_name_whoever_sees_it():
    first, second = (next(foreign_changes([change(A, B, 0)], SeenPolicy(C, at(seconds)))) for seconds in (90, 100))
    assert first.key == second.key


@pytest.mark.parametrize("text", ["{", "[]", '{"Statement": 1}'])
def test_what_is_no_policy_is_a_change_too(text):
    assert found([change(A, B, 0)], SeenPolicy(text, at(100))) == [(B, text, False)]

"""The register check detects a lost request, and accepts overlapping requests."""

import pytest

from campaign.linearizable import Change, Write, anomaly


def write(name, value, sent, ended, answered=None, *, certain=True):
    return Write(name, value, sent, sent + 0.1 if answered is None else answered, ended, certain)


def test_a_request_that_took_effect_is_explained():
    assert anomaly(False, [Change(1, True)], [write("add", True, 0, 2)]) == ""


def test_a_change_that_nobody_requested_is_seen():
    assert anomaly(False, [Change(5, True)], [write("add", True, 0, 2)])


def test_what_somebody_else_changed_needs_no_request():
    assert anomaly(True, [Change(5, False, foreign=True)], []) == ""


def test_a_request_without_effect_is_seen():
    assert anomaly(False, [], [write("add", True, 0, 2)])


def test_what_was_so_already_needs_no_change():
    assert anomaly(True, [], [write("add", True, 0, 2)]) == ""


def test_the_last_request_decides():
    remove, add, again = write("r", False, 0, 4), write("a", True, 1, 6), write("r2", False, 2, 8)
    assert anomaly(True, [Change(3, False), Change(5, True), Change(7, False)], [remove, add, again]) == ""
    assert anomaly(True, [Change(3, False), Change(5, True)], [remove, add, again])


def test_a_request_that_joins_another_one_takes_effect_with_it():
    first, second = write("a", True, 0, 4), write("a2", True, 1, 4)
    assert anomaly(False, [Change(3, True)], [first, second]) == ""


def test_requests_sent_at_the_same_time_may_come_in_any_order():
    add, remove = write("a", True, 0, 4, answered=1), write("r", False, 0.5, 4, answered=1.5)
    assert anomaly(False, [Change(2, True), Change(3, False)], [add, remove]) == ""
    assert anomaly(False, [Change(2, True)], [add, remove]) == ""


@pytest.mark.parametrize("changes", [[], [Change(1, True)]])
def test_a_cancelled_request_may_have_taken_effect(changes):
    assert anomaly(False, changes, [write("a", True, 0, 2, certain=False)]) == ""

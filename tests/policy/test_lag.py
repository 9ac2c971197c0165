"""Which reads may be older than a write of ours."""

import json

import pytest

from app.policy.stale_reads import seems_older


def policy(*sids, note=""):
    statements = [
        {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "ecr:BatchGetImage"}
        for sid in sids
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements, **({"Id": note} if note else {})})


ADDED = [(policy("team"), policy("team", "ours"), True)]
TAKEN = [(policy("team", "ours"), policy("team"), True)]
CREATED = [(None, policy("ours"), True)]
DELETED = [(policy("ours"), None, True)]


@pytest.mark.parametrize(
    "text, writes",
    [
        (policy("team"), ADDED),
        (policy("team", "ours"), TAKEN),
        (None, CREATED),
        (policy("ours"), DELETED),
    ],
)
def test_the_text_that_was_replaced_seems_older(text, writes):
    assert seems_older(text, writes)


@pytest.mark.parametrize(
    "text, writes",
    [
        (policy("nightly"), ADDED),
        (policy("nightly", "ours"), TAKEN),
        (policy("nightly"), CREATED),
        (policy("nightly", "ours"), DELETED),
    ],
)
def test_a_text_without_the_last_write_seems_older_though_nobody_has_seen_it(text, writes):
    assert seems_older(text, writes)


@pytest.mark.parametrize(
    "text, writes",
    [
        (policy("team", "ours"), ADDED),
        (policy("ours", "team", "nightly"), ADDED),
        (policy("nightly"), TAKEN),
        (policy("nightly", "ours"), CREATED),
        (None, DELETED),
        (policy("nightly"), DELETED),
        (policy("team"), []),
        (None, []),
    ],
)
def test_what_holds_the_last_write_is_believed_whatever_others_wrote(text, writes):
    assert not seems_older(text, writes)


def test_what_an_earlier_write_left_seems_older_even_if_the_last_one_stands_in_it():
    before_that = (policy("team"), policy("team", "ours"), True)
    last = (policy("nightly"), policy("nightly", "ours"), True)
    assert seems_older(policy("team", "ours"), [last, before_that])
    assert not seems_older(policy("team", "ours", "more"), [last, before_that])


def test_a_write_that_puts_an_earlier_text_back_is_believed():
    assert not seems_older(policy("team"), [*TAKEN, *ADDED])


def test_a_write_whose_answer_was_lost_is_believed_as_soon_as_it_is_seen():
    lost = (policy("nightly"), policy("nightly", "ours"), False)
    assert not seems_older(policy("nightly", "ours"), [lost, *TAKEN])
    assert seems_older(policy("team", "ours"), [lost, *TAKEN])


def test_a_text_that_is_no_policy_is_left_to_whoever_needs_it():
    assert not seems_older("{", ADDED)


def test_a_lost_write_of_before_the_last_one_proves_nothing():
    lost = (policy("team"), policy("team", "ours"), False)
    assert seems_older(policy("team", "ours"), [*TAKEN, lost])

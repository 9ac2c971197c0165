from dataclasses import replace
from datetime import timedelta

import pytest

from app.errors import Problem
from app.inventory import store
from app.inventory.policies import PolicyUnread, remember_unread
from app.inventory.sync_state import Reading, What, claim, due_policies, find_reading, finish, readings
from tests.build import REGION, a_repository
from tests.inventory.at import HERE, MINUTE, NOON, keep


def take(db, now=NOON, **options):
    return claim(db, *HERE, What.SERVICES, now=now, **options)


def test_one_reader_at_a_time(db):
    assert take(db) is not None
    assert take(db, NOON + MINUTE) is None


def test_each_part_of_each_region_has_its_own_reader(db):
    take(db)
    assert claim(db, *HERE, What.POLICIES, now=NOON) is not None
    assert claim(db, "default", "eu-west-1", What.SERVICES, now=NOON) is not None


def test_a_reader_that_shows_no_life_is_replaced_and_cannot_finish(db):
    dead = take(db)
    later = NOON + 3 * MINUTE
    assert take(db, NOON + 2 * MINUTE) is None
    assert take(db, later) is not None
    assert finish(db, dead, now=later + MINUTE) is False
    assert find_reading(db, *HERE, What.SERVICES).ended_at is None


def test_what_was_read_a_moment_ago_rests(db):
    finish(db, take(db), now=NOON + MINUTE)
    assert take(db, NOON + 2 * MINUTE, rest=2 * MINUTE) is None
    assert take(db, NOON + 3 * MINUTE, rest=2 * MINUTE) is not None


def test_a_whole_reading_is_as_old_as_its_beginning(db):
    finish(db, take(db), now=NOON + MINUTE, counted=(5, 5))
    (found,) = readings(db, "default")
    assert found == Reading(REGION, What.SERVICES, NOON, NOON + MINUTE, NOON, None, 5, 5)


def test_a_failed_reading_keeps_what_was_known_and_says_why(db):
    finish(db, take(db), now=NOON, counted=(5, 5))
    finish(db, take(db, NOON + MINUTE), now=NOON + MINUTE, problem=Problem("aws.access_denied", action="x"))
    found = find_reading(db, *HERE, What.SERVICES)
    assert (found.succeeded_at, found.done, found.problem.code) == (NOON, 5, "aws.access_denied")


def test_a_part_of_a_reading_is_no_success(db):
    finish(db, take(db), now=NOON, whole=False, counted=(200, 1000))
    found = find_reading(db, *HERE, What.SERVICES)
    assert (found.succeeded_at, found.done, found.total) == (None, 200, 1000)


def test_a_reading_that_never_began_is_blank(db):
    assert find_reading(db, *HERE, What.SERVICES) == Reading(REGION, What.SERVICES)


@pytest.mark.parametrize(
    "started, ended, running",
    [(None, None, False), (0, None, True), (0, -1, True), (0, 1, False), (-5, None, False), (0, 0, False)],
)
def test_what_has_begun_and_not_ended_is_running(started, ended, running):
    moments = [None if minutes is None else NOON + minutes * MINUTE for minutes in (started, ended)]
    reading = replace(Reading(REGION, What.SERVICES), started_at=moments[0], ended_at=moments[1])
    assert reading.is_running(NOON + timedelta(seconds=90)) is running


def test_policies_never_tried_are_due_first_and_the_newest_of_them(db):
    keep(db, "oldest", at=NOON)
    keep(db, "older", at=NOON + MINUTE)
    keep(db, "fresh", at=NOON + 9 * MINUTE)
    for name, created_at in (("new", NOON), ("newest", NOON + MINUTE)):
        store.remember_repository(db, "default", replace(a_repository(name), created_at=created_at), NOON)
    due = due_policies(db, *HERE, before=NOON + 5 * MINUTE, limit=9)
    assert due == ("newest", "new", "oldest", "older")
    assert due_policies(db, *HERE, before=NOON + 5 * MINUTE, limit=3) == due[:3]


def test_a_policy_that_could_not_be_read_waits_its_turn(db):
    store.remember_repository(db, "default", a_repository("refused"), NOON)
    remember_unread(db, *HERE, [PolicyUnread("refused", Problem("aws.access_denied"), NOON)])
    assert due_policies(db, *HERE, before=NOON - MINUTE, limit=9) == ()

"""What a reading after a write whose answer was lost shows of it."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from app.history.models import PolicyChange
from app.history.queries import get_operation
from app.inventory.models import SeenRepository
from app.operations.later_reading import LaterReading, later_reading, read_since
from app.operations.state import ReadSince
from tests.build import ACCOUNT, REGION, REPOSITORY, a_policy, a_statement
from tests.history.happened import MINUTE, NOON, happened, living

BEFORE = a_policy()
AFTER = a_policy([a_statement(sid="Ours")])
OTHER = a_policy([a_statement(sid="Other")])
LOST = NOON + MINUTE
"""When the wait for AWS's answer ended."""
OTHER_REPOSITORY = f"{REPOSITORY}-2"


def sent(db, make=happened, *, repository=REPOSITORY, **fields):
    """An operation whose write to this repository was not answered; its id."""
    make(db, f"to {repository}", repository=repository)
    with db.write() as session:
        change = session.get(PolicyChange, (f"to {repository}", 0))
        values = {"before": BEFORE, "after": AFTER, "written_at": None, "unanswered_at": LOST, **fields}
        for name, value in values.items():
            setattr(change, name, value)
    return f"to {repository}"


def read(db, text, at, repository=REPOSITORY):
    names = {"connection": "default", "region": REGION, "name": repository, "registry_id": ACCOUNT}
    row = SeenRepository(**names, uri="", arn="", seen_at=NOON, policy_text=text, policy_read_at=at)
    with db.write() as session:
        session.add(row)


def shown(db, operation_id):
    with db.read() as session:
        [change] = session.scalars(select(PolicyChange).where(PolicyChange.operation_id == operation_id))
    return later_reading(db, change)


def shown_of_all(db, operation_id):
    return read_since(db, get_operation(db, operation_id))


@pytest.mark.parametrize(
    "text, shows",
    [
        (AFTER, ReadSince.WITH_CHANGE),
        (json.dumps(json.loads(AFTER), indent=4), ReadSince.WITH_CHANGE),
        (BEFORE, ReadSince.WITHOUT_CHANGE),
        (json.dumps(json.loads(BEFORE), indent=4), ReadSince.WITHOUT_CHANGE),
        (OTHER, ReadSince.OTHERWISE),
        (None, ReadSince.OTHERWISE),
    ],
)
def test_a_reading_shows_the_change_or_its_absence_or_something_else(db, text, shows):
    operation_id = sent(db)
    read(db, text, LOST + MINUTE)
    assert shown(db, operation_id) == LaterReading(shows, LOST + MINUTE)
    assert shown_of_all(db, operation_id) is shows


def test_a_deletion_shows_where_there_is_no_policy(db):
    operation_id = sent(db, after=None)
    read(db, None, LOST)
    assert shown(db, operation_id) == LaterReading(ReadSince.WITH_CHANGE, LOST)


@pytest.mark.parametrize("at", [None, LOST - MINUTE / 60])
def test_what_was_read_before_the_wait_ended_shows_nothing(db, at):
    operation_id = sent(db)
    read(db, AFTER, at)
    assert (shown(db, operation_id), shown_of_all(db, operation_id)) == (None, None)


def test_where_the_repository_is_gone_nothing_is_shown(db):
    operation_id = sent(db)
    assert (shown(db, operation_id), shown_of_all(db, operation_id)) == (None, None)


@pytest.mark.both_databases
@pytest.mark.parametrize("fields", [{"written_at": LOST}, {"unanswered_at": None}])
def test_a_write_that_was_answered_or_is_on_its_way_needs_no_reading(db, fields):
    operation_id = sent(db, **fields)
    read(db, AFTER, LOST + MINUTE)
    assert shown(db, operation_id) is None


def test_an_operation_that_has_not_ended_looks_once_more_itself(db):
    operation_id = sent(db, living)
    read(db, AFTER, LOST + MINUTE)
    assert shown_of_all(db, operation_id) is None


@pytest.mark.parametrize(
    "texts, shows",
    [
        ((AFTER, AFTER), ReadSince.WITH_CHANGE),
        ((BEFORE, BEFORE), ReadSince.WITHOUT_CHANGE),
        ((AFTER, BEFORE), None),
        ((AFTER, OTHER), None),
    ],
)
def test_several_writes_are_told_as_one_only_where_all_readings_agree(db, texts, shows):
    operation_id = sent(db)
    with db.write() as session:
        first = session.get(PolicyChange, (operation_id, 0))
        columns = [column.key for column in PolicyChange.__table__.columns]
        values = {**{name: getattr(first, name) for name in columns}, "position": 1, "repository": OTHER_REPOSITORY}
        session.add(PolicyChange(**values))
    for text, repository in zip(texts, (REPOSITORY, OTHER_REPOSITORY), strict=True):
        read(db, text, LOST + MINUTE, repository)
    assert shown_of_all(db, operation_id) is shows

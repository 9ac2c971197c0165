"""The record of sign-ins: its pages, its exports, and its retention."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from app.auth import events, export
from app.auth.events import Actor, EventKind, Via
from app.auth.models import SignInEvent
from app.auth.rules import Source
from app.history.retention import Retention
from app.maintenance import Maintenance
from tests.fake_clock import FakeClock

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MIKA = Actor("mika", Via.TERMINAL)
STRANGER = Actor("", Via.LINK, Source("192.0.2.9", "=cmd|'/c calc'!A1"))


def add(db, *kinds, at=NOW, actor=MIKA) -> None:
    with db.write() as session:
        for kind in kinds:
            events.add(session, kind, actor, at, subject="subject")


def kinds(page) -> list[str]:
    return [event.kind for event in page.events]


def test_pages_lead_to_each_other(any_db):
    add(any_db, *(EventKind.SIGNED_IN, EventKind.SIGNED_OUT) * 3)
    first = events.list_events(any_db, limit=2)
    second = events.list_events(any_db, older_than=first.older, limit=2)
    last = events.list_events(any_db, older_than=second.older, limit=2)
    assert (first.newer, last.older) == (0, 0)
    assert [event.id for page in (first, second, last) for event in page.events] == [
        event.id for event in events.list_events(any_db).events
    ]
    assert events.list_events(any_db, newer_than=last.newer, limit=2) == second
    assert events.list_events(any_db, newer_than=second.newer, limit=2) == first


def test_an_empty_record_has_one_empty_page(db):
    assert events.list_events(db) == events.EventPage(())
    assert events.list_events(db, older_than=7) == events.EventPage(())


def test_a_restored_backup_is_recorded(any_db):
    with any_db.write() as session:
        events.record_restored(session, "mika", "monday.db", NOW)
    (event,) = events.list_events(any_db).events
    assert (event.kind, event.person, event.via, event.subject) == ("restored", "mika", "terminal", "monday.db")


def test_what_is_older_than_history_is_deleted(any_db):
    add(any_db, EventKind.SIGNED_IN, at=NOW - timedelta(days=30, seconds=1))
    add(any_db, EventKind.SIGNED_OUT, at=NOW - timedelta(days=30))
    assert events.forget(any_db, NOW - 30 * DAY) == 1
    assert kinds(events.list_events(any_db)) == ["signed_out"]


def test_without_a_number_of_days_all_is_kept(db):
    add(db, EventKind.SIGNED_IN, at=NOW - 5000 * DAY)
    assert events.forget(db, None) == 0
    assert len(events.list_events(db).events) == 1


def test_refusals_beyond_a_number_are_deleted_the_oldest_first_and_nothing_else(any_db):
    add(any_db, EventKind.SIGNED_IN, EventKind.TOKEN_REFUSED, EventKind.LINK_REFUSED, EventKind.SCOPE_REFUSED)
    assert events.forget(any_db, None, most_refusals=2) == 1
    assert kinds(events.list_events(any_db)) == ["scope_refused", "link_refused", "signed_in"]


def test_ten_thousand_refusals_are_kept(db):
    refused = {
        "at": NOW,
        "kind": "link_refused",
        "via": "link",
        "person": "",
        "address": "",
        "browser": "",
        "subject": "",
        "count": 1,
    }
    with db.write() as session:
        session.execute(insert(SignInEvent), [refused] * 10_001)
    assert events.forget(db, None) == 1


def test_maintenance_forgets_what_is_due(db, clock):
    class NoEngine:
        def forget_finished(self, _before, _most) -> int:
            return 0

    add(db, EventKind.SIGNED_IN, at=clock.now() - 11 * DAY)
    add(db, EventKind.SIGNED_OUT, at=clock.now() - 6 * DAY)
    for now in (clock.now() - 3 * DAY, clock.now()):
        Maintenance(db, NoEngine(), FakeClock(now), Retention(db, FakeClock(now), 7)).run()
    assert kinds(events.list_events(db)) == ["signed_out"]


def test_the_file_for_spreadsheets_has_a_row_for_each_event_and_runs_no_formula(db):
    add(db, EventKind.SIGNED_IN)
    add(db, EventKind.LINK_REFUSED, actor=STRANGER)
    rows = list(csv.DictReader(export.csv_lines(db)))
    assert [row["kind"] for row in rows] == ["link_refused", "signed_in"]
    assert (rows[0]["address"], rows[0]["browser"]) == ("192.0.2.9", "'=cmd|'/c calc'!A1")
    assert rows[1]["at"] == "2026-03-01T12:00:00+00:00"


@pytest.mark.parametrize("number", [0, 1, 1001])
def test_the_file_for_programs_is_json_with_every_event(db, number):
    add(db, *[EventKind.SIGNED_IN] * number)
    found = json.loads("".join(export.json_lines(db)))
    assert len({event["id"] for event in found}) == number
    assert all(event["person"] == "mika" for event in found)

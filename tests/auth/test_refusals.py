"""Refusals are recorded, and refused clients can't fill the database."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.auth.events import Actor, EventKind, Via, list_events
from app.auth.refusals import Refusals
from app.auth.rules import Source
from tests.databases import statements


def stranger(address="192.0.2.9", browser="Firefox/140") -> Actor:
    return Actor("", Via.LINK, Source(address, browser))


@pytest.fixture
def refusals(db, clock) -> Refusals:
    return Refusals(db, clock)


def rows(db):
    return list_events(db, limit=1000).events


def test_the_first_is_recorded_at_once_with_all_that_is_known(refusals, db, clock):
    refusals.note(EventKind.LINK_REFUSED, stranger(), "subject")
    (row,) = rows(db)
    assert (row.kind, row.via, row.address, row.browser) == ("link_refused", "link", "192.0.2.9", "Firefox/140")
    assert (row.subject, row.count, row.last_at, row.at) == ("subject", 1, None, clock.now())


def test_more_from_the_same_address_are_counted_in_its_row(refusals, db, clock):
    refusals.note(EventKind.LINK_REFUSED, stranger())
    clock.advance(60)
    refusals.note(EventKind.LINK_REFUSED, stranger(browser="another"))
    (row,) = rows(db)
    assert (row.count, row.last_at, row.browser) == (2, clock.now(), "Firefox/140")


@pytest.mark.parametrize("times, count", [(3, 2), (4, 4), (1000, 512), (1024, 1024)])
def test_a_row_says_how_many_there_were_at_least(refusals, db, times, count):
    for _ in range(times):
        refusals.note(EventKind.LINK_REFUSED, stranger())
    assert [row.count for row in rows(db)] == [count]


def test_a_flood_from_one_address_is_written_a_few_times(refusals, db):
    with statements(db) as sent:
        for _ in range(1000):
            refusals.note(EventKind.LINK_REFUSED, stranger())
    assert len([statement for statement in sent if statement.startswith(("INSERT", "UPDATE"))]) == 10


def test_a_flood_from_everywhere_brings_sixty_rows_an_hour_and_one_more(refusals, db):
    for number in range(2000):
        refusals.note(EventKind.LINK_REFUSED, stranger(f"address {number}"), f"link {number}")
    found = rows(db)
    assert len(found) == 61
    assert (found[0].address, found[0].browser, found[0].subject, found[0].count) == ("", "", "", 1024)


def test_after_an_hour_an_address_gets_a_row_again(refusals, db, clock):
    refusals.note(EventKind.LINK_REFUSED, stranger())
    clock.advance(3599)
    refusals.note(EventKind.LINK_REFUSED, stranger())
    clock.advance(1)
    refusals.note(EventKind.LINK_REFUSED, stranger())
    assert [row.count for row in rows(db)] == [1, 2]


@pytest.mark.parametrize(
    "kind, actor",
    [
        (EventKind.TOKEN_REFUSED, stranger()),
        (EventKind.LINK_REFUSED, stranger("192.0.2.8")),
        (EventKind.LINK_REFUSED, Actor("token:ci", Via.LINK, Source("192.0.2.9"))),
    ],
)
def test_what_differs_has_a_row_of_its_own(refusals, db, kind, actor):
    refusals.note(EventKind.LINK_REFUSED, stranger())
    refusals.note(kind, actor)
    assert [row.count for row in rows(db)] == [1, 1]


def test_many_at_once_are_counted_together(refusals, db):
    together = threading.Barrier(8)

    def refuse(_number: int) -> None:
        together.wait(timeout=30)
        for _ in range(8):
            refusals.note(EventKind.LINK_REFUSED, stranger())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(refuse, range(8)))
    assert [row.count for row in rows(db)] == [64]

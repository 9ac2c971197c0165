"""The days of the history's filter are those of the reader's time zone, also where clocks are changed."""

from datetime import UTC, datetime, timedelta

import pytest

from app.web.days import begin_of, is_zone
from app.web.views.history import HistoryFilterView


@pytest.mark.parametrize(
    "day, zone, begins, hours",
    [
        ("2026-11-27", "UTC", "2026-11-27T00:00", 24),
        ("2026-11-27", "Asia/Tokyo", "2026-11-26T15:00", 24),
        ("2026-11-27", "America/Los_Angeles", "2026-11-27T08:00", 24),
        ("2026-03-29", "Europe/Berlin", "2026-03-28T23:00", 23),
        ("2026-10-25", "Europe/Berlin", "2026-10-24T22:00", 25),
        ("2026-03-08", "America/Havana", "2026-03-08T05:00", 23),  # there is no 0 o'clock on this day
        ("2026-11-01", "America/Havana", "2026-11-01T04:00", 25),  # and 0 o'clock twice on this one
        ("2026-11-27", "Nowhere/At_all", "2026-11-27T00:00", 24),
        ("2026-11-27", "../../etc/passwd", "2026-11-27T00:00", 24),
        ("2026-11-27", "", "2026-11-27T00:00", 24),
    ],
)
def test_a_day_begins_and_ends_where_the_reader_is(day, zone, begins, hours):
    begin, end = begin_of(day, zone), begin_of(day, zone, after=1)
    assert begin == datetime.fromisoformat(begins).replace(tzinfo=UTC)
    assert end - begin == timedelta(hours=hours)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Niue"])
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_are_days(day, zone):
    assert begin_of(day, zone) < begin_of(day, zone, after=1)


@pytest.mark.parametrize("text", ["", "today", "2026-13-01", "2026-11-31"])
def test_what_is_no_day_is_left_out(text):
    assert begin_of(text, "Asia/Tokyo") is None


def test_the_zone_stands_in_an_address_only_with_a_day():
    assert "zone" not in HistoryFilterView(zone="Asia/Tokyo", kind="grant").query()
    assert HistoryFilterView(zone="Asia/Tokyo", since="2026-11-27").query()["zone"] == "Asia/Tokyo"
    assert not HistoryFilterView(zone="Asia/Tokyo").active


def test_a_zone_that_the_server_does_not_know_is_told():
    unknown = HistoryFilterView(zone="Mars/Base", since="2026-11-27")
    assert (unknown.known_zone, unknown.unknown_zone) == ("UTC", "Mars/Base")
    assert (is_zone("Asia/Tokyo"), is_zone("Mars/Base")) == (True, False)

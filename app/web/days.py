"""Turns the days of a filter into points in time, in the time zone that the reader means. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

UTC_NAME = "UTC"
# For days that have a day after them, in every zone.
FIRST_DAY, LAST_DAY = date(1, 1, 2), date(9999, 12, 29)


def is_zone(name: str) -> bool:
    """Return whether this is the name of a time zone that this server knows, as Asia/Tokyo."""
    return name == UTC_NAME or name in _names()


def begin_of(text: str, zone: str, *, after: int = 0) -> datetime | None:
    """Return when a day begins, in UTC; None if `text` is no day.

    A day may have 23 or 25 hours, and may begin at 1 o'clock, where clocks are changed.

    Args:
        text: a day, YYYY-MM-DD.
        zone: a time zone's name; a name that is unknown counts as UTC.
        after: how many days later.
    """
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  (a day has no zone)
    except ValueError:
        return None
    day = min(max(day, FIRST_DAY), LAST_DAY) + timedelta(days=after)
    return datetime.combine(day, time.min, _zone(zone)).astimezone(UTC)


def _zone(name: str) -> tzinfo:
    return ZoneInfo(name) if name != UTC_NAME and is_zone(name) else UTC


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())

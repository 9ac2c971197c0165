"""Formats times, durations and names for readers; the language is a parameter. Pure.

app.js gives the same results with the browser's own `Intl`: both use CLDR.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from functools import lru_cache

from babel.dates import format_skeleton, format_timedelta
from babel.numbers import format_decimal
from babel.units import format_unit

MINUTE = 60
HOUR = 60 * MINUTE
SHOW_TENTHS_BELOW = 10  # seconds

# Characters that turn, hide or break the text around them; no name in AWS should hold one.
# Controls, direction marks, what has no width or shape, line separators. Joiners stay: letters and emoji need them.
UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def plain(text: str) -> str:
    """Return `text` with control and direction characters made visible: a name must not reorder the text around it."""
    return UNSEEN.sub(REPLACEMENT, text) if UNSEEN.search(text) else text


def json_text(text: str) -> str:
    """Return a JSON text with such characters as escapes: visible, and to JSON the same text, also where it is copied."""
    return UNSEEN.sub(lambda found: json.dumps(found.group())[1:-1], text) if UNSEEN.search(text) else text


def utc(when: datetime) -> datetime:
    """Return `when` in UTC; a time without a zone is taken as UTC."""
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def iso(when: datetime) -> str:
    """Return the machine-readable form, for `<time datetime>`."""
    return utc(when).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(when: datetime, language: str) -> str:
    """Return day and minute in UTC: "Nov 24, 2026, 9:30 UTC"."""
    in_utc = utc(when)
    return f"{_day(in_utc.date(), language)} {in_utc:%H:%M} UTC"


@lru_cache(maxsize=4096)
def _day(day: date, language: str) -> str:
    """Return a day's name; most times on a page are of a few days."""
    return format_skeleton("yMMMd", day, locale=language)


def age(when: datetime, now: datetime, language: str) -> str:
    """Return how long ago it was: "3 minutes ago"."""
    seconds = max(1, int((utc(now) - utc(when)).total_seconds()))
    return format_timedelta(-seconds, granularity="second", add_direction=True, format="long", locale=language)


def duration(seconds: float, language: str) -> str:
    """Return a duration: "0.4 sec", "12 sec", "1 min 5 sec", "2 hr 3 min"."""
    if seconds < SHOW_TENTHS_BELOW:
        return format_unit(
            format_decimal(round(seconds, 1), locale=language), "duration-second", "short", locale=language
        )
    whole = round(seconds)
    parts = [("hour", whole // HOUR), ("minute", whole % HOUR // MINUTE), ("second", whole % MINUTE)]
    first = next(index for index, (_, amount) in enumerate(parts) if amount)
    shown = [part for part in parts[first : first + 2] if part[1]]
    return " ".join(format_unit(amount, f"duration-{unit}", "short", locale=language) for unit, amount in shown)


def size(count: int, language: str) -> str:
    """How much a number of bytes is: "48 MB"."""
    for unit, bytes_of in (("gigabyte", 10**9), ("megabyte", 10**6)):
        if count >= bytes_of:
            amount = count / bytes_of
            shown = format_decimal(round(amount, 1) if amount < SHOW_TENTHS_BELOW else round(amount), locale=language)
            return format_unit(shown, f"digital-{unit}", "short", locale=language)
    return format_unit(max(1, round(count / 1000)), "digital-kilobyte", "short", locale=language)

"""Times, durations and names as a reader sees them; the language is a parameter. Pure.

app.js says the same with the browser's own `Intl`: both take their words from CLDR.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from babel.dates import format_skeleton, format_timedelta
from babel.numbers import format_decimal
from babel.units import format_unit

MINUTE = 60
HOUR = 60 * MINUTE
SHOW_TENTHS_BELOW = 10  # seconds

# Characters that turn, hide or break the text around them; nothing that AWS lets people name holds one by rights.
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def plain(text: str) -> str:
    """`text` with control and direction characters made visible, so that a name cannot reorder what surrounds it."""
    return UNSEEN.sub(REPLACEMENT, text) if UNSEEN.search(text) else text


def utc(when: datetime) -> datetime:
    """`when` in UTC; a time without a zone is taken for UTC."""
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def iso(when: datetime) -> str:
    """The machine's form, for `<time datetime>`."""
    return utc(when).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(when: datetime, language: str) -> str:
    """Day and minute in UTC: "Nov 24, 2026, 9:30 UTC"."""
    in_utc = utc(when)
    day = format_skeleton("yMMMd", in_utc, locale=language)
    return f"{day} {in_utc:%H:%M} UTC"


def age(when: datetime, now: datetime, language: str) -> str:
    """How long ago: "3 minutes ago"."""
    seconds = max(1, int((utc(now) - utc(when)).total_seconds()))
    return format_timedelta(-seconds, granularity="second", add_direction=True, format="long", locale=language)


def duration(seconds: float, language: str) -> str:
    """How long something took: "0.4 sec", "12 sec", "1 min 5 sec", "2 hr 3 min"."""
    if seconds < SHOW_TENTHS_BELOW:
        return format_unit(
            format_decimal(round(seconds, 1), locale=language), "duration-second", "short", locale=language
        )
    whole = round(seconds)
    parts = [("hour", whole // HOUR), ("minute", whole % HOUR // MINUTE), ("second", whole % MINUTE)]
    first = next(index for index, (_, amount) in enumerate(parts) if amount)
    shown = [part for part in parts[first : first + 2] if part[1]]
    return " ".join(format_unit(amount, f"duration-{unit}", "short", locale=language) for unit, amount in shown)

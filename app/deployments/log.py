"""Which part of a container's log belongs to a deployment, where a page of it ends, and what may be shown of it. Pure.

Lightsail keeps one log per container name, over all versions. Only Lightsail's own lines name a version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import ceil, floor
from typing import Final

from app.aws.ports import Deployment
from app.aws.pull_ports import LogLine, LogRange
from app.diagnosis.log_evidence import LIGHTSAIL_LINE
from app.diagnosis.masking import mask_values
from app.errors import Problem

KEPT: Final = timedelta(days=3)
"""Lightsail's guide: logs are kept for three days."""
LINES: Final = 200
LONGEST_LINE: Final = 2_000
LONGEST_TEXT: Final = 200
LONGEST_CURSOR: Final = 3_000
_CURSOR: Final = re.compile(r"([0-9]{1,6})\.([0-9]{1,11})\.([0-9]{1,11})\.(.*)", re.DOTALL)


class LogGap(StrEnum):
    """Why there are no lines, or fewer than were written."""

    NONE = "none"
    NO_LINES = "no_lines"
    NO_MATCH = "no_match"
    NONE_YET = "none_yet"
    NO_MORE = "no_more"
    NOT_STARTED = "not_started"
    EXPIRED = "expired"
    PARTLY_EXPIRED = "partly_expired"


@dataclass(frozen=True)
class LogText:
    """One line to show: without values of variables and color codes. `is_cut`: it is longer than that."""

    at: datetime | None
    text: str
    by_lightsail: bool = False
    is_cut: bool = False


@dataclass(frozen=True)
class LogCursor:
    """Where the next page begins: the part of the log, AWS's token, and the number of its lines that were shown."""

    part: LogRange
    token: str = ""
    skip: int = 0

    def to_text(self) -> str:
        """Return the cursor as a page's address carries it."""
        since = floor(self.part.since.timestamp()) if self.part.since else 0
        until = ceil(self.part.until.timestamp()) if self.part.until else 0
        return f"{self.skip}.{since}.{until}.{self.token}"


@dataclass(frozen=True)
class PageScope:
    """What a page of a log covers: lines with a text, the last minutes, the first lines of these, the last ones."""

    has_text: bool = False
    has_minutes: bool = False
    is_first: bool = True
    is_last: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether its lines are all that the version has."""
        return self.is_first and self.is_last and not (self.has_text or self.has_minutes)


def window_of(deployments: Sequence[Deployment], version: int, now: datetime, minutes: int = 0) -> LogRange:
    """Return when a version's containers wrote: from its creation to that of the version that replaced it.

    A version that failed ends with the next one; one that was active runs until another one is.

    Args:
        deployments: newest first.
        version: the one in question, which is among them.
        now: the current time, where the version's log has no end.
        minutes: only so many of the last ones; 0 for all.
    """
    own = next(each for each in deployments if each.version == version)
    later = [each for each in deployments if each.version > version and each.created_at]
    if own.state != "FAILED":
        later = [each for each in later if each.state != "FAILED"]
    until = later[-1].created_at if later else now
    since = own.created_at
    if minutes and until:
        since = _later(since, until - timedelta(minutes=minutes))
    return LogRange(since, until)


def cursor_of(text: str, window: LogRange) -> LogCursor:
    """Return where a page begins: at the window's start for "", never outside of the window.

    Raises:
        Problem: `request.bad_cursor`.
    """
    if not text:
        return LogCursor(window)
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise Problem("request.bad_cursor")
    since, until = (datetime.fromtimestamp(int(each), UTC) if int(each) else None for each in match.group(2, 3))
    part = LogRange(_later(since, window.since), _earlier(until, window.until))
    return LogCursor(part, match[4], int(match[1]))


def filter_pattern(text: str) -> str:
    """Return AWS's `filterPattern` for lines that contain the text as it is, upper and lower case being different."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if text else ""


def lines_to_show(
    lines: Iterable[LogLine], version: int, window: LogRange, values: Iterable[str], text: str = ""
) -> list[LogText | None]:
    """Return the lines in order, masked and shortened; None for one that isn't the version's, or lacks the text.

    The text is looked for in the masked line too: a filter must not find out a variable's value.
    """
    own = list(lines)
    masked = mask_values([line.text for line in own], values)
    return [_shown(line, shown, version, window, text) for line, shown in zip(own, masked, strict=True)]


def gap_of(lines: Sequence[LogText], window: LogRange, now: datetime, page: PageScope) -> LogGap:
    """Return what is missing from a page with these lines.

    Args:
        lines: that were found.
        window: the time that they are from.
        now: the current time.
        page: what was looked for, and how much of it these are.
    """
    oldest = now - KEPT
    if not lines:
        is_gone = window.until is not None and window.until < oldest
        return LogGap.EXPIRED if is_gone else _why_empty(page)
    if window.since and window.since < oldest:
        return LogGap.PARTLY_EXPIRED
    if page.is_whole and all(line.by_lightsail for line in lines):
        return LogGap.NOT_STARTED
    return LogGap.NONE


def _why_empty(page: PageScope) -> LogGap:
    if not page.is_last:
        return LogGap.NONE_YET
    if not page.is_first:
        return LogGap.NO_MORE
    return LogGap.NO_MATCH if page.has_text else LogGap.NO_LINES


def with_pattern(cursor: LogCursor, text: str) -> LogCursor:
    """Return the cursor for lines that contain the text."""
    return replace(cursor, part=replace(cursor.part, pattern=filter_pattern(text)))


def _shown(line: LogLine, masked: str, version: int, window: LogRange, text: str) -> LogText | None:
    lightsail = LIGHTSAIL_LINE.match(line.text)
    is_other = lightsail is not None and int(lightsail[1]) != version
    is_later = bool(line.at and window.until and line.at > window.until)
    if is_other or is_later or text not in masked:
        return None
    return LogText(line.at, masked[:LONGEST_LINE], lightsail is not None, len(masked) > LONGEST_LINE)


def _later(first: datetime | None, second: datetime | None) -> datetime | None:
    return max((each for each in (first, second) if each), default=None)


def _earlier(first: datetime | None, second: datetime | None) -> datetime | None:
    return min((each for each in (first, second) if each), default=None)

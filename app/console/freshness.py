"""How old an answer is, and which part of it could not be read. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.errors import Problem
from app.inventory.sync_state import Reading, What
from app.wording import Message

# What is shown is called old after this long without a successful reading.
STALE_AFTER = {
    What.SERVICES: timedelta(minutes=3),
    What.REPOSITORIES: timedelta(minutes=20),
    What.POLICIES: timedelta(hours=1),
    What.REGISTRY: timedelta(minutes=30),
}


@dataclass(frozen=True)
class Freshness:
    """How old what is shown is.

    `read_at` is when it was last read whole from AWS, None if never. `reading`: it is being read right now, so the
    page looks again by itself. `stale`: it is older than it should be.
    """

    now: datetime
    read_at: datetime | None = None
    reading: bool = False
    stale: bool = False

    @property
    def never(self) -> bool:
        """Nothing is known yet."""
        return self.read_at is None


@dataclass(frozen=True)
class PartFailure:
    """A part of the page that AWS did not let us read, such as one region. What is known of it is shown all the same."""

    part: Message | str
    problem: Problem
    read_at: datetime | None = None


def is_slow(problem: Problem | None) -> bool:
    """Whether AWS kept the page waiting too long, so that the page asks for that part again by itself."""
    return problem is not None and problem.code == "aws.page_slow"


def freshness(read: Reading, now: datetime) -> Freshness:
    """How old one part of a region is."""
    return Freshness(
        now=now,
        read_at=read.succeeded_at,
        reading=read.is_running(now) or read.started_at is None,
        stale=read.succeeded_at is not None and now - read.succeeded_at > STALE_AFTER[read.what],
    )


def together(freshnesses: list[Freshness], now: datetime) -> Freshness:
    """How old a page of several parts is: as old as its oldest part."""
    times = [each.read_at for each in freshnesses]
    known = [time for time in times if time is not None]
    return Freshness(
        now=now,
        read_at=min(known) if known and len(known) == len(times) else None,
        reading=any(each.reading for each in freshnesses),
        stale=any(each.stale for each in freshnesses),
    )


def failure(read: Reading, part: Message | str) -> PartFailure | None:
    """What kept a part from being read at the last try."""
    return PartFailure(part, read.problem, read.succeeded_at) if read.problem else None

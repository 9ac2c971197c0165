"""The age of an answer, and which part of it could not be read. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.errors import Problem
from app.inventory.sync_state import Reading, What
from app.wording import N_, Message

# Data counts as old after this long without a successful read.
STALE_AFTER = {
    What.SERVICES: timedelta(minutes=3),
    What.REPOSITORIES: timedelta(minutes=20),
    What.POLICIES: timedelta(hours=1),
    What.REGISTRY: timedelta(minutes=30),
    What.IMAGES: timedelta(hours=1),
}
PARTS = {
    What.SERVICES: N_("Container services of %(region)s"),
    What.REPOSITORIES: N_("Repositories of %(region)s"),
    What.POLICIES: N_("Repository policies of %(region)s"),
    What.REGISTRY: N_("Registry policy of %(region)s"),
    What.IMAGES: N_("Deployed images of %(region)s"),
}


@dataclass(frozen=True)
class Freshness:
    """The age of the data on screen.

    `read_at` is when it was last read completely from AWS, None if never. `reading`: it is being read right now, so the
    page polls again. `stale`: it is older than it should be.
    """

    now: datetime
    read_at: datetime | None = None
    reading: bool = False
    stale: bool = False

    @property
    def never(self) -> bool:
        """Whether nothing is known yet."""
        return self.read_at is None


@dataclass(frozen=True)
class PartFailure:
    """A part of the page that AWS did not let us read. What is known of it, as of `read_at`, is still shown.

    `part` is a Region, or a sentence about its value `region`.
    """

    part: Message | str
    problem: Problem
    read_at: datetime | None = None


def is_slow(problem: Problem | None) -> bool:
    """Return whether AWS took too long for the page, so that the page requests that part again."""
    return problem is not None and problem.code == "aws.page_slow"


def freshness(read: Reading, now: datetime) -> Freshness:
    """Return the age of one part of a region."""
    return Freshness(
        now=now,
        read_at=read.succeeded_at,
        reading=read.is_running(now) or read.started_at is None,
        stale=read.succeeded_at is not None and now - read.succeeded_at > STALE_AFTER[read.what],
    )


def together(freshnesses: list[Freshness], now: datetime) -> Freshness:
    """Return the age of a page of several parts: that of its oldest part."""
    times = [each.read_at for each in freshnesses]
    read_times = [time for time in times if time is not None]
    return Freshness(
        now=now,
        read_at=min(read_times) if read_times and len(read_times) == len(times) else None,
        reading=any(each.reading for each in freshnesses),
        stale=any(each.stale for each in freshnesses),
    )


def failures_of(reads: Iterable[Reading]) -> tuple[PartFailure, ...]:
    """Return the parts of Regions whose last read failed, each with its own problem."""
    return tuple(
        PartFailure(Message(PARTS[read.what], {"region": read.region}), read.problem, read.succeeded_at)
        for read in reads
        if read.problem is not None
    )

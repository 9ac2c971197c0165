"""The versions of operations whose progress pages ask for: one query for all that ask at the same time.

A thousand open modals ask two thousand times a second; each question of its own would take the whole processor.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field

from app.clock import Clock

PAUSE = 0.05
"""Seconds between two queries while more is asked: what is asked meanwhile goes into one."""

POLL = 0.5
LONGEST_POLL = 5.0
"""Seconds between two polls of a page: as a rule, and at most."""

MOST = 300
"""Polls a second of all pages together, from which on each page is to ask less often."""

SPREAD = 0.3
"""By how much of it the seconds between two polls differ from one page to the next, at most."""

SLOW = 0.1
"""Seconds for which polls wait on average once the server is too busy for that many."""

SLOWS, EASES = 1.5, 0.8
"""What the seconds between two polls are multiplied by, at least: when the server is too busy, and whenever."""


@dataclass
class _Batch:
    """The operations of the next query, and its answer."""

    ids: set[str] = field(default_factory=set)
    answer: asyncio.Future[Mapping[str, int]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class OperationVersions:
    """Shared by all pages of a replica; lives on one event loop.

    Args:
        read: returns the versions of these operations by their ids, without those that do not exist.
        clock: for the pauses.
    """

    def __init__(self, read: Callable[[Collection[str]], Awaitable[Mapping[str, int]]], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._next: _Batch | None = None
        self._reading: asyncio.Task[None] | None = None
        self._pace = PollPace(clock)

    async def of(self, operation_id: str) -> int | None:
        """Return an operation's version as of now; None if there is none with that id. Raises what `read` raises."""
        began = self._clock.monotonic()
        batch = self._next = self._next or _Batch()
        batch.ids.add(operation_id)
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._run())
        version = (await asyncio.shield(batch.answer)).get(operation_id)
        self._pace.count(self._clock.monotonic() - began)
        return version

    @property
    def poll_after(self) -> float | None:
        """The seconds after which a page is to ask again; None as long as it may ask as often as it does.

        Another number each time: pages that were answered together, after a stall, must not ask together ever after.
        """
        if self._pace.seconds <= POLL:
            return None
        return self._pace.seconds * random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311  (no secret)

    async def _run(self) -> None:
        while self._next is not None:
            batch, self._next = self._next, None
            reading = asyncio.ensure_future(self._read(batch.ids))
            await asyncio.wait([reading])
            if (error := reading.exception()) is None:
                batch.answer.set_result(reading.result())
            else:  # it is raised where it was asked
                batch.answer.set_exception(error)
                batch.answer.exception()  # whoever asked may be gone
            await self._clock.sleep(PAUSE)


class PollPace:
    """Seconds between two polls of each page, so that all come `MOST` times a second, or less if that is slow."""

    def __init__(self, clock: Clock) -> None:
        self.seconds = POLL
        self._clock = clock
        self._polls, self._waited = 0, 0.0
        self._since = clock.monotonic()

    def count(self, waited: float) -> None:
        """Note a poll, and the seconds that it waited for its answer."""
        self._polls += 1
        self._waited += waited
        passed = self._clock.monotonic() - self._since
        if passed < max(1.0, 2 * self.seconds):  # by then every page has been told
            return
        factor = max(EASES, self._polls / passed / MOST)
        if self._waited > SLOW * self._polls:
            factor = max(factor, SLOWS)
        self.seconds = min(LONGEST_POLL, max(POLL, self.seconds * factor))
        self._polls, self._waited, self._since = 0, 0.0, self._clock.monotonic()

"""What changed since a page was made: one answer to all pages that wait, from a look every half second while any waits.

A page sends the version that it has; it is answered as soon as the version is another one, or when its time is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.clock import Clock
from app.db import Database
from app.errors import Problem
from app.findings.queries import count_open
from app.history.endings import ended_since, operations_version
from app.inventory.versions import access_version, services_version
from app.operations.progress import Progress
from app.operations.read import progress_of

EVERY = 0.5
"""Seconds between two looks at the database while a page waits."""

TOLD_FOR = timedelta(minutes=10)
"""How long the end of an operation is told to pages that open or come back."""


@dataclass(frozen=True)
class Versions:
    """What pages show, each as a text that changes with it; how many operations run, how many findings are open.

    `ended` are the operations that ended in the last minutes, whoever started them, the newest first.
    """

    operations: str
    services: str
    access: str
    running: int
    findings: int
    ended: tuple[Progress, ...] = ()

    @property
    def text(self) -> str:
        """All of it, for a page to send back."""
        return f"{self.operations}|{self.services}|{self.access}"


def look(db: Database, connection: str, clock: Clock, before: Versions | None = None) -> Versions:
    """Return the present versions; what ended is read where it isn't as it was `before`. Blocks."""
    now = clock.now()
    operations, running = operations_version(db, connection)
    if before is not None and before.operations == operations:
        ended = before.ended
    else:
        ended = tuple(progress_of(row) for row in ended_since(db, connection, now - TOLD_FOR))
    services, access = services_version(db, connection), access_version(db, connection)
    return Versions(operations, services, access, running, count_open(db, connection, now), ended)


class ChangeWatch:
    """Shared by all pages of a replica; lives on one event loop. Looks at nothing while no page waits.

    Pages that wait with the same version share one future, and one task looks for all of them: a page that waits costs
    nothing until it is answered.
    """

    def __init__(self, look_now: Callable[[Versions | None], Versions], clock: Clock, threads: Executor) -> None:
        self._look_now = look_now
        self._clock = clock
        self._threads = threads
        self._looking: asyncio.Task[Versions] | None = None
        self._looked_at = float("-inf")
        self._latest: Versions | None = None
        self._waiting = 0
        self._watching: asyncio.Task[None] | None = None
        self._change: asyncio.Future[Versions] | None = None
        self._is_stopped = False

    async def after(self, seen: str, seconds: float) -> Versions:
        """Return the versions as soon as they differ from `seen`, or after `seconds`. Raises what the database raises."""
        await self.present()
        if self._last_known().text != seen or seconds <= 0 or self._is_stopped:
            return self._last_known()
        change, watching = self._next_change(), self._watched()
        either: tuple[asyncio.Future[Any], ...] = (change, watching)
        self._waiting += 1
        try:
            await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiting -= 1
        if watching.done():
            watching.result()  # raises what kept it from looking
        return change.result() if change.done() else self._last_known()

    def stop(self) -> None:
        """Answer all that wait, and whoever asks from now on, at once: the server stops."""
        self._is_stopped = True
        if self._change is not None and not self._change.done():
            self._change.set_result(self._last_known())

    def _next_change(self) -> asyncio.Future[Versions]:
        """Return the future of the next other versions than the latest."""
        if self._change is None or self._change.done():
            self._change = asyncio.get_running_loop().create_future()
        return self._change

    def _watched(self) -> asyncio.Task[None]:
        """Return the task that looks for them, which runs from now on."""
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())
            # Known also where no page waits any more when it fails.
            self._watching.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._watching

    async def _watch(self) -> None:
        """Look every so often while a page waits; `_read` answers all that wait once there is another version."""
        while True:
            await self._clock.sleep(EVERY)
            if not self._waiting:
                return
            await self.present()

    async def present(self) -> Versions:
        """Return the present versions, at most half a second old: one look serves all that ask meanwhile."""
        if self._latest is not None and self._clock.monotonic() - self._looked_at < EVERY * 0.8:
            return self._latest
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._read())
        return await asyncio.shield(self._looking)

    async def _read(self) -> Versions:
        try:
            reading = asyncio.get_running_loop().run_in_executor(self._threads, self._look_now, self._latest)
        except RuntimeError:  # the server is stopping: its threads take no more work
            return self._last_known()
        await asyncio.wait([reading])
        if reading.cancelled():  # as above
            return self._last_known()
        versions = reading.result()
        before, self._latest, self._looked_at = self._latest, versions, self._clock.monotonic()
        is_other = before is not None and before.text != versions.text
        if is_other and self._change is not None and not self._change.done():
            self._change.set_result(versions)
        return versions

    def _last_known(self) -> Versions:
        if self._latest is None:
            raise Problem("server.busy", retryable=True)
        return self._latest

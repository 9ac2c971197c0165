"""Supervises background tasks: restarts one that failed, and detects one that makes no progress.

A task that died or hangs unnoticed would leave a console that answers and does nothing. Each is a part with a name: it
records its last progress, and how often it was restarted. Used on one event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from app.clock import Clock
from app.outage import is_outage

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
# Seconds between two checks of all parts.
WATCH = 2.0


@dataclass(eq=False)
class Part:
    """A supervised task.

    Args:
        name: as in `/readyz`, `/metrics` and the log.
        limit: seconds without progress after which it counts as stuck.
        needed: without it the replica cannot work, so it is not ready.
    """

    name: str
    limit: float
    needed: bool
    clock: Clock
    turned_at: float = field(init=False)
    rest: float = 0.0
    restarts: int = 0
    failed: str = ""
    tried_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.turned_at = self.tried_at = self.clock.monotonic()

    def turned(self, rest: float = 0.0) -> None:
        """Record progress, and for how many seconds it may now rest."""
        self.turned_at, self.rest = self.clock.monotonic(), rest
        self.tried()
        if self.failed:
            log.info("%s works again", self.name)
            self.failed = ""

    def tried(self) -> None:
        """Record that it is alive, whether or not it could do its work."""
        self.tried_at = self.clock.monotonic()

    def failing(self, error: BaseException) -> None:
        """Record that it failed: logged once until it makes progress again."""
        if is_outage(error):  # logged once for all parts, where the database was used
            return
        kind = type(error).__name__
        if kind != self.failed:
            log.warning("%s failed and is tried again: %s", self.name, kind, exc_info=error)
        self.failed = kind

    def started_again(self) -> None:
        """Count one more start."""
        self.restarts += 1
        self.tried()

    @property
    def age(self) -> float:
        """Return seconds since its progress was due: since the last progress, without the allowed rest."""
        return self.clock.monotonic() - self.turned_at - self.rest

    @property
    def is_stuck(self) -> bool:
        """Whether it has made no progress for longer than allowed."""
        return self.age > self.limit

    @property
    def hangs(self) -> bool:
        """Whether it is stuck and shows no sign of life either: a restart may help."""
        return self.is_stuck and self.clock.monotonic() - self.tried_at > self.limit


class Supervisor:
    """Runs the parts of one process. `patience` multiplies every limit: for a clock that runs fast."""

    def __init__(self, clock: Clock, patience: float = 1.0) -> None:
        self._clock = clock
        self._patience = patience
        self._parts: dict[str, Part] = {}
        self._tasks: dict[Part, tuple[asyncio.Task[None], Callable[[], Awaitable[None]]]] = {}
        self._elsewhere: dict[Part, Callable[[], None]] = {}
        self._watching: asyncio.Task[None] | None = None
        self._told: frozenset[str] = frozenset()

    def part(
        self, name: str, limit: float, *, needed: bool = False, start_again: Callable[[], None] | None = None
    ) -> Part:
        """Return a part by its name, registered if it is new. `start_again`: for one whose task runs elsewhere."""
        part = self._parts.setdefault(name, Part(name, limit * self._patience, needed, self._clock))
        if start_again is not None:
            self._elsewhere[part] = start_again
        return part

    def run(self, part: Part, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """Run a part until `stop`: if it fails or returns, it is restarted with back-off. Return its task."""
        task = asyncio.create_task(self._forever(part, work), name=part.name)
        self._tasks[part] = task, work
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch(), name="watchdog")
        return task

    def every(
        self, part: Part, seconds: float, work: Callable[[], Awaitable[bool]], *, at_once: bool = False
    ) -> asyncio.Task[None]:
        """Run a part's work repeatedly, with a pause between. The work returns whether it succeeded."""

        async def rounds() -> None:
            if not at_once and not part.restarts:
                await self._clock.sleep(seconds)
            while True:
                if await work():
                    part.turned()
                part.tried()
                await self._clock.sleep(seconds)

        return self.run(part, rounds)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Return every part, by name."""
        return tuple(self._parts[name] for name in sorted(self._parts))

    def stuck(self) -> tuple[Part, ...]:
        """Return the parts that make no progress; each is logged once until it does again."""
        stuck = tuple(part for part in self.parts if part.is_stuck)
        self._tell(stuck)
        return stuck

    async def stop(self) -> None:
        """Cancel every part's task and wait until it has ended."""
        tasks = [task for task, _ in self._tasks.values()]
        if self._watching is not None:
            tasks.append(self._watching)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        self._watching = None

    def start_hanging_again(self) -> None:
        """Restart each part that hangs and has a task. A thread that its old task waits for may continue."""
        for part in self.stuck():
            if not part.hangs:
                continue
            part.started_again()
            if part in self._elsewhere:
                self._elsewhere[part]()
            elif part in self._tasks:
                task, work = self._tasks[part]
                task.cancel()
                self.run(part, work)

    async def _watch(self) -> None:
        while True:
            await self._clock.sleep(WATCH)
            self.start_hanging_again()

    def _tell(self, stuck: Iterable[Part]) -> None:
        names = frozenset(part.name for part in stuck)
        for name in sorted(names - self._told):
            part = self._parts[name]
            log.error("%s has not worked for %.0f s", name, part.age)
        for name in sorted(self._told - names):
            log.warning("%s works again", name)
        self._told = names

    async def _forever(self, part: Part, work: Callable[[], Awaitable[None]]) -> None:
        pause = FIRST_PAUSE
        while True:
            began = self._clock.monotonic()
            try:
                await work()
            except Exception as error:  # noqa: BLE001  (the edge of a background task: it is logged, and tried again)
                part.failing(error)
            part.started_again()
            # One that worked for long starts again with a short pause.
            pause = FIRST_PAUSE if self._clock.monotonic() - began > LONGEST_PAUSE else min(LONGEST_PAUSE, 2 * pause)
            await self._clock.sleep(pause)

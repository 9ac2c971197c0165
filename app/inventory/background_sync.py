"""Keeps the store close to AWS in the background while the server runs. Pages never wait for it."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from app.aws.call_pool import AwsCalls
from app.aws.ports import Aws
from app.clock import Clock
from app.db import Database
from app.errors import Problem
from app.inventory import queries, store
from app.inventory.policies import PolicyRead, PolicyUnread, remember_unread
from app.inventory.sync import Rest, Sweeper, Swept, Watch
from app.inventory.sync_state import What
from app.keys import RepositoryKey, ServiceKey

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ages:
    """Seconds after which something is read again: while a page shows it, and otherwise."""

    asked: float
    unasked: float


AGES = {
    What.SERVICES: Ages(10, 60),
    What.REPOSITORIES: Ages(60, 600),
    What.POLICIES: Ages(300, 1800),
    What.REGISTRY: Ages(60, 600),
    What.IMAGES: Ages(300, 1800),
}
# Seconds before a failed part of a region is tried again: while a page shows it, and otherwise.
AFTER_PROBLEM = Ages(3, 30)
# Seconds after which a person who asks for it has something read again.
FRESH_ENOUGH = {What.SERVICES: 3, What.REPOSITORIES: 3, What.POLICIES: 60, What.REGISTRY: 3, What.IMAGES: 3}
# Seconds between two readings of the same single service or repository.
ONE_AT_MOST_EVERY = 3.0
CALLER_EVERY = 600.0
# What lists that which another part reads one by one: new ones are read at once, known ones once they are old.
LISTED_IN = {What.REPOSITORIES: What.POLICIES, What.SERVICES: What.IMAGES}
# Seconds without progress after which a part counts as hung: a slice of policies may take minutes on a slow AWS.
HANGS_AFTER = 1200.0

Turned = Callable[[float], None]


@dataclass(frozen=True)
class ScannerPart:
    """One part of the scanner: `run` gets a function that reports progress and the seconds until the next."""

    name: str
    hangs_after: float
    run: Callable[[Turned], Awaitable[None]]


class Scanner:
    """Reads every region of one connection: run its `parts` once per process; replicas take turns."""

    def __init__(  # noqa: PLR0917  (the services it needs, each by name)
        self,
        db: Database,
        aws: Aws,
        calls: AwsCalls,
        clock: Clock,
        regions: Sequence[str],
        connection: str = "default",
        watch: Watch | None = None,
    ) -> None:
        self.regions = tuple(regions)
        self._clock = clock
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="inventory")
        self._sweeper = Sweeper(db, aws, calls, clock, connection, self._threads, watch or Watch())
        self._wakes = {(region, what): asyncio.Event() for region in self.regions for what in What}
        self._asked: set[tuple[str, What]] = set()
        self._quiet_until: dict[Hashable, float] = {}
        self._at_work: dict[Hashable, asyncio.Task[Problem | None]] = {}
        self._just_read: dict[Hashable, asyncio.Task[Problem | None]] = {}
        self._failing: set[tuple[str, What]] = set()
        self._caller_wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def parts(self) -> Iterator[ScannerPart]:
        """Yield the parts to run once per process, concurrently, until they are cancelled."""
        yield ScannerPart("scanner of the caller identity", HANGS_AFTER, self._watch_caller)
        for region, what in self._wakes:
            yield ScannerPart(f"scanner of {region} {what}", HANGS_AFTER, partial(self._watch, region, what))

    def close(self) -> None:
        """Shut down its threads, once its parts have ended."""
        self._loop = None
        for task in self._at_work.values():
            task.cancel()
        self._threads.shutdown(wait=False)

    def request(self, region: str, what: What) -> None:
        """Read it soon if it is old: a page shows it. Returns at once; may be called from any thread."""
        wake = self._wakes.get((region, what))
        quiet = self._quiet_until.get((region, what), 0.0) > self._clock.monotonic()
        if wake is not None and self._loop is not None and not quiet:
            self._asked.add((region, what))
            self._loop.call_soon_threadsafe(wake.set)

    async def turn(self, region: str, what: What, *, on_request: bool = True) -> Swept:
        """Make one read, if it is due; what is left is read in the next turn."""
        rest = AGES[what].asked if on_request else AGES[what].unasked
        rests = Rest(timedelta(seconds=rest), timedelta(seconds=AFTER_PROBLEM.asked))
        swept = await self._sweeper.sweep(region, what, rests)
        quiet = AFTER_PROBLEM if swept.problem else AGES[what]
        self._quiet_until[region, what] = self._clock.monotonic() + quiet.asked
        self._note(region, what, swept)
        return swept

    async def retry(self, regions: Iterable[str], seconds: float) -> None:
        """Try again at once what could not be read in these regions, for a page that shows it.

        Each part at most once in `AFTER_PROBLEM.asked` seconds, for all pages. Waits no longer than `seconds`; the
        reads continue.
        """
        chosen = set(regions)
        failing = [(region, what) for region, what in sorted(self._failing) if region in chosen]
        tasks = [self._task(("retry", *part), partial(self._retry, *part)) for part in failing]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    async def refresh(self, regions: Iterable[str], seconds: float) -> None:
        """Read all of these Regions now, for a person who asks for it; what was read a moment ago stays as it is.

        Waits no longer than `seconds`; the reads continue.
        """
        chosen = set(regions)
        ours = [(region, what) for region in self.regions if region in chosen for what in What]
        tasks = [self._task(("refresh", *part), partial(self._refresh, *part)) for part in ours]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    async def refresh_service(self, region: str, name: str) -> Problem | None:
        """Read one service now, at most once in a few seconds; return why it could not be read, or None.

        Within these seconds the answer is that of the last read. The read continues if the caller stops waiting, and
        concurrent callers wait for the same one.
        """
        return await self._once("service", region, name, self._refresh_service)

    async def refresh_repository(self, region: str, name: str) -> Problem | None:
        """Read one repository's policy now, and the repository itself if it is unknown; as `refresh_service`."""
        return await self._once("repository", region, name, self._refresh_repository)

    async def _once(
        self, kind: str, region: str, name: str, read: Callable[[str, str], Coroutine[Any, Any, Problem | None]]
    ) -> Problem | None:
        key = (kind, region, name)
        if key not in self._at_work and not self._may_read(*key):
            return self._just_answered(key)
        self._just_read[key] = task = self._task(key, partial(read, region, name))
        return await asyncio.shield(task)

    def _task(
        self, key: Hashable, work: Callable[[], Coroutine[Any, Any, Problem | None]]
    ) -> asyncio.Task[Problem | None]:
        """Return the task at work on this, begun if there is none."""
        if key not in self._at_work:
            self._at_work[key] = task = asyncio.create_task(work())
            task.add_done_callback(lambda _: self._at_work.pop(key))
        return self._at_work[key]

    def _just_answered(self, key: Hashable) -> Problem | None:
        task = self._just_read.get(key)
        return task.result() if task is not None and not task.cancelled() and task.exception() is None else None

    async def _refresh_service(self, region: str, name: str) -> Problem | None:
        at, sweeper = self._clock.now(), self._sweeper
        try:
            answered = await sweeper.calls.run(region, sweeper.aws.services(region).get_service, name)
        except Problem as problem:
            if problem.code == "service.not_found":
                await sweeper.in_db(sweeper.watch.services, region, (), at, (name,))
                await sweeper.in_db(store.forget_service, sweeper.db, ServiceKey(sweeper.connection, region, name), at)
            return problem
        await sweeper.in_db(sweeper.watch.services, region, (answered.value,), at, (name,))
        await sweeper.in_db(store.remember_service, sweeper.db, sweeper.connection, answered.value, at)
        return None

    async def _refresh_repository(self, region: str, name: str) -> Problem | None:
        at, sweeper = self._clock.now(), self._sweeper
        try:
            await self._read_repository(region, name)
        except Problem as problem:
            if problem.code == "repository.not_found":
                await sweeper.forget_repository(region, name, at)
            else:
                unread = PolicyUnread(name, problem, at)
                await sweeper.in_db(remember_unread, sweeper.db, sweeper.connection, region, [unread])
            return problem
        return None

    async def _read_repository(self, region: str, name: str) -> None:
        sweeper, at = self._sweeper, self._clock.now()
        repositories = sweeper.aws.repositories(region)
        if not await sweeper.in_db(queries.repository_uri, sweeper.db, RepositoryKey(sweeper.connection, region, name)):
            repository = await sweeper.calls.run(region, repositories.get_repository, name)
            await sweeper.in_db(store.remember_repository, sweeper.db, sweeper.connection, repository.value, at)
        policy = await sweeper.calls.run(region, repositories.get_policy, name)
        await sweeper.keep_policies(region, [PolicyRead(name, policy.value, at)])

    async def _refresh(self, region: str, what: What) -> Problem | None:
        rests = Rest(timedelta(seconds=FRESH_ENOUGH[what]), timedelta(seconds=AFTER_PROBLEM.asked))

        async def sweep() -> Swept:
            swept = await self._sweeper.sweep(region, what, rests)
            self._note(region, what, swept)
            return swept

        return await _problem_of(sweep(), region, what)

    async def _retry(self, region: str, what: What) -> Problem | None:
        if self._quiet_until.get((region, what), 0.0) > self._clock.monotonic():
            return None
        problem = await _problem_of(self._turn_or_note(region, what, on_request=True), region, what)
        if problem is not None:
            self._wakes[region, what].set()  # its watcher, which may have seen no failure, reads again sooner
        return problem

    def _note(self, region: str, what: What, swept: Swept) -> None:
        """Record which parts cannot be read, and read what depends on one that can be read again."""
        if swept.problem is not None:
            self._failing.add((region, what))
        elif swept.due and (region, what) in self._failing:
            self._failing.remove((region, what))
            self._caller_wake.set()
        follows = LISTED_IN.get(what)
        if follows is not None:
            self._wakes[region, follows].set()

    async def _watch(self, region: str, what: What, turned: Turned) -> None:
        self._loop = asyncio.get_running_loop()
        is_requested = False
        if what in LISTED_IN.values():  # nothing can be read before it has been listed
            turned(math.inf)
            await self._wakes[region, what].wait()
        while True:
            swept = await self._turn_or_note(region, what, on_request=is_requested)
            seconds = (AFTER_PROBLEM if (region, what) in self._failing else AGES[what]).unasked
            turned(0 if swept.more else seconds)
            if not swept.more:
                await self._woken_within(self._wakes[region, what], seconds)
                is_requested = (region, what) in self._asked
                self._asked.discard((region, what))

    async def _turn_or_note(self, region: str, what: What, *, on_request: bool) -> Swept:
        try:
            return await self.turn(region, what, on_request=on_request)
        except Exception:
            self._failing.add((region, what))
            raise

    async def _watch_caller(self, turned: Turned) -> None:
        sweeper, lane = self._sweeper, self.regions[0] if self.regions else ""
        while True:
            at, seconds = self._clock.now(), CALLER_EVERY
            try:
                answered = await sweeper.calls.run_in_background(lane, sweeper.aws.identity().caller)
                await sweeper.in_db(store.remember_caller, sweeper.db, sweeper.connection, answered.value, at)
            except Problem:
                seconds = AFTER_PROBLEM.unasked  # each region's reads report what is wrong with the credentials
            turned(seconds)
            await self._woken_within(self._caller_wake, seconds)

    async def _woken_within(self, wake: asyncio.Event, seconds: float) -> None:
        waiting: set[asyncio.Future[Any]] = {
            asyncio.ensure_future(self._clock.sleep(seconds)),
            asyncio.ensure_future(wake.wait()),
        }
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()
        wake.clear()

    def _may_read(self, kind: str, region: str, name: str) -> bool:
        now = self._clock.monotonic()
        if region not in self.regions or self._quiet_until.get((kind, region, name), 0.0) > now:
            return False
        for key in [key for key, until in self._quiet_until.items() if until <= now]:
            del self._quiet_until[key]
            self._just_read.pop(key, None)
        self._quiet_until[kind, region, name] = now + ONE_AT_MOST_EVERY
        return True


async def _problem_of(reading: Awaitable[Swept], region: str, what: What) -> Problem | None:
    """Return why a part could not be read: the edge of a background task, whose page continues without it."""
    try:
        return (await reading).problem
    except Exception:
        log.exception("%s of %s could not be read", what, region)
        return Problem("internal", reference=f"{region}/{what}")

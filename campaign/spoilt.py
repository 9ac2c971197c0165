"""Plays scenarios through a proxy that spoils answers byte by byte, beside readings of all that exists.

Two proxies stand before the sandbox: one for operations, one for the background readings, so that the judge can tell
whose reading was whose. Even seeds are played in the clear, odd ones over TLS. A run's faults come from its seed, the
operation and how often that was called before: the same seed spoils the same answers.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path

from sqlalchemy import delete, select

from app import bootstrap
from app.aws.clients import ConnectionSettings
from app.aws.session import BotoAws
from app.inventory.models import PolicyPrincipal, SeenRepository, SeenService
from app.inventory.sync import Rest, Sweeper
from app.inventory.sync_state import What
from campaign.aws import campaign_sandbox
from campaign.clock import FastClock, SameClock
from campaign.play import READ_TIMEOUT, Evidence, player, scratch
from campaign.proxy import CERTIFICATE, REPLACED, Fault, FaultProxy, Plan, Request, Spoilt, fault_proxy
from campaign.runner import REGIONS, Played, judged
from campaign.scenario import FOREIGN, Repository, Scenario, document, drawn

PREFIX = "proxy-"
SHARE, SHARE_OF_WRITES = 0.25, 0.6  # of all answers are spoilt
BATCH = 40  # runs of a process
SHELF = tuple(Repository(f"shelf/{number}", document(FOREIGN[number])) for number in range(5))
TRIES = 20
BETWEEN_READINGS = 15.0  # seconds by the fast clock
AT_ONCE = Rest(timedelta(0), timedelta(0))
SHORT, PAST_PATIENCE = 0.05, READ_TIMEOUT + 0.2  # seconds by the machine's clock
KINDS = ("cut", "cut", "cut", "abort", "delay", "drip", "twice", "stale", "late_request", *REPLACED)
OF_TLS, OF_PLAIN = ("damage",), ("corrupt_head",)
WRITES = ("SetRepositoryPolicy", "DeleteRepositoryPolicy", "UpdateContainerService")


@dataclass(frozen=True)
class SpoiltRun:
    """One run, judged. `answers` counts its spoilt answers by kind, `writes` those of them to writes.

    `readings`: how often a part of what exists was read meanwhile.
    """

    played: Played
    answers: Counter[str]
    writes: Counter[str]
    readings: int

    @property
    def wrong(self) -> list[str]:
        return self.played.verdict.wrong


def play_answers(wanted: int, *, first: int, processes: int, told: Callable[[SpoiltRun], None]) -> None:
    """Play runs from a first seed on until so many answers have been spoilt; `told` hears of each run."""
    size = min(BATCH, wanted)  # a run has at least one answer
    total, seeds = 0, count(first, size)
    contexts = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=contexts, max_tasks_per_child=1) as pool:
        under_way: set[Future[list[SpoiltRun]]] = set()
        while total < wanted:
            while len(under_way) < processes:
                start = next(seeds)
                under_way.add(pool.submit(play_batch, range(start, start + size)))
            ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for runs in (future.result() for future in ended):
                for run in runs:
                    told(run)
                    total += run.answers.total()
        for future in under_way:
            for run in future.result():
                told(run)


def play_batch(seeds: Sequence[int]) -> list[SpoiltRun]:
    """Play the runs of these seeds, those in the clear first."""
    logging.disable(logging.ERROR)  # what goes wrong on purpose is told by the history
    halves = ([seed for seed in seeds if seed % 2 == odd] for odd in (0, 1))
    return [run for odd, half in enumerate(halves) if half for run in asyncio.run(_play(half, tls=bool(odd)))]


async def _play(seeds: Sequence[int], *, tls: bool) -> list[SpoiltRun]:
    clock, waiting, results = FastClock(), iter(seeds), []
    with (
        scratch() as folder,
        campaign_sandbox(SameClock(clock)) as sandbox,
        _trusted(),
        _Spoiler.before(sandbox.url, tls=tls) as spoiler,
    ):
        async with player(Path(folder), spoiler.operations.url, clock) as playing:
            readers = _Readers(playing.services, spoiler, clock)

            async def play_in(region: str) -> None:
                for seed in waiting:
                    troubled = _Troubled(seed, region, spoiler, readers)
                    scenario = troubled.scenario()
                    evidence = await playing.play(scenario, region, sandbox, troubled.trouble)
                    results.append(troubled.judged(evidence, clock))

            await asyncio.gather(*(play_in(region) for region in REGIONS[: len(seeds)]))
    return results


@contextmanager
def _trusted() -> Iterator[None]:
    """Trust the proxy's certificate while the block runs."""
    before = os.environ.get("AWS_CA_BUNDLE")
    os.environ["AWS_CA_BUNDLE"] = str(CERTIFICATE)
    try:
        yield
    finally:
        os.environ.pop("AWS_CA_BUNDLE")
        if before is not None:
            os.environ["AWS_CA_BUNDLE"] = before


@dataclass
class _Spoiler:
    """Both proxies, and whose run goes on in which Region."""

    operations: FaultProxy
    readings: FaultProxy
    kinds: tuple[str, ...]
    seeds: dict[str, int] = field(default_factory=dict)
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    @classmethod
    @contextmanager
    def before(cls, url: str, *, tls: bool) -> Iterator[_Spoiler]:
        def calm(_: Request) -> Fault:
            return Fault()

        with fault_proxy(url, calm, tls=tls) as operations, fault_proxy(url, calm, tls=tls) as readings:
            spoiler = cls(operations, readings, (*KINDS, *(OF_TLS if tls else OF_PLAIN)))
            operations.plan, readings.plan = spoiler.plan("operation"), spoiler.plan("reading")
            yield spoiler

    def plan(self, whose: str) -> Plan:
        def planned(request: Request) -> Fault:
            seed = self.seeds.get(request.region)
            if seed is None:
                return Fault()
            key = (request.region, whose, request.action)
            self.counts[key] += 1
            share = SHARE_OF_WRITES if request.action in WRITES else SHARE
            return self._drawn(f"{seed} {whose} {request.action} {self.counts[key]}", share)

        return planned

    def _drawn(self, name: str, share: float) -> Fault:
        lot = random.Random(name)  # noqa: S311  (repeatable on purpose)
        if lot.random() >= share:
            return Fault()
        kind = lot.choice(self.kinds)
        seconds = {
            "delay": lot.choice((SHORT, PAST_PATIENCE)),
            "late_request": lot.uniform(0.005, READ_TIMEOUT - 0.05),
            "drip": SHORT,
        }
        return Fault(kind, lot.randrange(1_000_000), seconds.get(kind, 0.0))

    def begin(self, region: str, seed: int) -> None:
        for key in [key for key in self.counts if key[0] == region]:
            del self.counts[key]
        self.seeds[region] = seed

    def end(self, region: str) -> None:
        self.seeds.pop(region, None)


class _Readers:
    """Reads all that exists, as the console does in the background, and looks at what is known of it."""

    def __init__(self, services: bootstrap.Services, spoiler: _Spoiler, clock: FastClock) -> None:
        aws = BotoAws(
            ConnectionSettings(
                "campaign", endpoint_url=spoiler.readings.url, read_timeout=READ_TIMEOUT, retry_mode="standard"
            )
        )
        self.clock = clock
        self._db = services.db
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="readings")
        self._sweeper = Sweeper(services.db, aws, services.calls, clock, services.connection, self._threads)

    async def read(self, region: str, what: What) -> None:
        await self._sweeper.sweep(region, what, AT_ONCE)

    async def read_whole(self, region: str, rows: Collection[str]) -> None:
        """Read until all that exists is known: a busy machine may take too long for one answer or another."""
        await self._sweeper.in_db(self._forget, region)
        for _ in range(TRIES):
            for what in What:
                await self.read(region, what)
            if set(rows) <= set(await self.known(region)):
                return
        raise RuntimeError(f"{region} could not be read")

    async def known(self, region: str) -> dict[str, str | None]:
        """Return the rows of a Region: services, and repositories whose policy was read, with its text."""
        return await self._sweeper.in_db(self._known, region)

    def _forget(self, region: str) -> None:
        """What was read in an earlier run is no reading of this one."""
        with self._db.write() as session:
            for table in (PolicyPrincipal, SeenRepository, SeenService):
                session.execute(delete(table).where(table.region == region))

    def _known(self, region: str) -> dict[str, str | None]:
        service, repository = SeenService, SeenRepository
        read = select(repository.name, repository.policy_text).where(
            repository.region == region, repository.policy_read_at.is_not(None)
        )
        with self._db.read() as session:
            services = session.scalars(select(service.name).where(service.region == region)).all()
            texts = {f"repository {name}": text for name, text in session.execute(read)}
        return {**{f"service {name}": None for name in services}, **texts}


class _Troubled:
    """One run: what it lets happen, and what was seen."""

    def __init__(self, seed: int, region: str, spoiler: _Spoiler, readers: _Readers) -> None:
        self._seed, self._region = seed, region
        self._spoiler, self._readers = spoiler, readers
        self._readings_made = 0
        self._lost: list[str] = []
        self._rows: set[str] = set()
        self._stored: Mapping[str, str | None] = {}
        self._began = (len(spoiler.operations.played), len(spoiler.readings.played))

    def scenario(self) -> Scenario:
        """The seed's scenario with more to read, and without faults that the sandbox plays."""
        scenario = drawn(self._seed)
        foreign = tuple(rule for rule in scenario.faults if rule["kind"] == "foreign_write")
        return replace(
            scenario, name=f"{PREFIX}{self._seed}", repositories=(*scenario.repositories, *SHELF), faults=foreign
        )

    @asynccontextmanager
    async def trouble(self, scenario: Scenario, region: str) -> AsyncIterator[None]:
        """Spoil answers while the block runs, and read all that exists meanwhile."""
        self._rows = {f"service {each.name}" for each in scenario.services}
        self._rows |= {f"repository {each.name}" for each in scenario.repositories}
        await self._readers.read_whole(region, self._rows)
        self._spoiler.begin(region, self._seed)
        over = asyncio.Event()
        reading = asyncio.create_task(self._read_on(over))
        try:
            yield
        finally:
            over.set()
            await reading
            self._spoiler.end(region)
        while any(each.fault.kind == "late_request" and each.late is None for each in self._spoilt()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        self._stored = await self._readers.known(region)

    async def _read_on(self, over: asyncio.Event) -> None:
        while True:
            for what in What:
                await self._readers.read(self._region, what)
                await self._look(f"reading {what}")
                self._readings_made += 1
                if over.is_set():
                    return
                await self._readers.clock.sleep(BETWEEN_READINGS)

    async def _look(self, when: str) -> None:
        known = await self._readers.known(self._region)
        self._lost += [f"{row} was forgotten, {when}" for row in sorted(self._rows - set(known))]

    def _spoilt(self) -> list[Spoilt]:
        return [each for mine in self._exchanges() for each in mine if each.fault.kind != "none"]

    def _exchanges(self) -> Iterator[list[Spoilt]]:
        proxies = (self._spoiler.operations, self._spoiler.readings)
        for proxy, start in zip(proxies, self._began, strict=True):
            yield [each for each in proxy.played[start:] if each.request.region == self._region]

    def judged(self, evidence: Evidence, clock: FastClock) -> SpoiltRun:
        """The run's verdict: the judge must not count as read, or as answered, what the proxy spoilt."""
        operations, readings = self._exchanges()
        spoilt = {each.request_id: each.fault.kind for each in operations if each.spoilt and each.request_id}
        others = {each.request_id for each in readings}
        calls = [call for call in evidence.aws["calls"] if call["request_id"] not in others]
        for call in calls:
            if call["request_id"] in spoilt:
                call["outcome"] = f"{call['outcome']}, {spoilt[call['request_id']]}"
        evidence.aws["calls"] = calls
        evidence.aws["late"] = {each.request_id: clock.at(each.late[0]) for each in operations if each.late}
        for name, repository in evidence.aws["repositories"].items():
            repository["stored"] = self._stored.get(f"repository {name}")
        played = judged(evidence, hit=tuple(each.fault.kind for each in self._spoilt()))
        played.verdict.wrong.extend(self._lost)
        answers = Counter(each.fault.kind for each in self._spoilt())
        writes = Counter(each.fault.kind for each in self._spoilt() if each.request.action in WRITES)
        return SpoiltRun(played, answers, writes, self._readings_made)

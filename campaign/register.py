"""The register check: several clients at several replicas request opposite things of the same services and repositories.

Each request and each answer is an event. What AWS held meanwhile, by the sandbox's own log, must be explained by an order
of the requests in which the last one decides (`campaign.linearizable`).
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.db import Database
from app.errors import Problem
from app.history import queries
from app.history.models import Operation
from app.migrate import migrate
from app.operations.start import Ask
from app.operations.state import Kind
from benchmarks.postgres import postgres
from campaign.aws import CampaignSandbox, campaign_sandbox
from campaign.clock import SPEED, FastClock, SameClock
from campaign.play import Replica, player, told
from campaign.registers import REPOSITORIES, SERVICES, anomalies
from campaign.runner import REGIONS, events, in_order
from campaign.scenario import FOREIGN, Repository, Scenario, Service, document, fault

REPLICAS = 2
CLIENTS = 3
SECONDS = 300.0  # by the machine's clock, after which an operation counts as left running
KINDS = (Kind.GRANT, Kind.REVOKE, Kind.ACTIVATE, Kind.DEACTIVATE)


@dataclass
class Request:
    """One request of one client: sent and answered by the campaign's clock; `operation` "" where it was refused."""

    kind: Kind
    service: str
    repository: str
    sent: float
    answered: float = 0.0
    operation: str = ""
    refused: str = ""
    cancelled: bool = False


@dataclass(frozen=True)
class Checked:
    """One history, judged. `counts`: requests by kind, and what became of them."""

    seed: int
    counts: Counter[str]
    anomalies: tuple[str, ...] = field(default=())
    story: tuple[str, ...] = field(repr=False, default=())


def check_all(seeds: Sequence[int], *, heard: Callable[[Checked], None]) -> None:
    """Play and judge a history for each seed; `heard` is called with each as it ends."""
    logging.disable(logging.ERROR)
    with _stage() as stage, ThreadPoolExecutor(len(REGIONS)) as threads:
        free = list(REGIONS)

        def check(seed: int) -> Checked:
            region = free.pop()
            try:
                return stage.check(seed, region)
            finally:
                free.append(region)

        for checked in threads.map(check, seeds):
            heard(checked)


@dataclass
class _Stage:
    """The sandbox, the database and the replicas."""

    sandbox: CampaignSandbox
    db: Database
    clock: FastClock
    replicas: list[_RemoteReplica]

    def check(self, seed: int, region: str) -> Checked:
        lot = random.Random(seed)  # noqa: S311  (repeatable on purpose)
        scenario = _scenario(lot, seed)
        staged = self.sandbox.set_up(scenario, region)
        plans = [_plan(lot) for _ in range(CLIENTS)]
        lots = [random.Random(lot.random()) for _ in range(CLIENTS)]  # noqa: S311
        with ThreadPoolExecutor(CLIENTS) as clients:
            requests = [
                request
                for made in clients.map(lambda each: self._client(region, *each), zip(lots, plans, strict=True))
                for request in made
            ]
        ends = {request.operation: self._ended(request.operation) for request in requests if request.operation}
        wrong = [f"{operation} is left running" for operation, end in ends.items() if end is None]
        evidence = self.sandbox.evidence(staged)
        active = {service.name for service in scenario.services if service.role == "active"}
        known = {operation: end for operation, end in ends.items() if end is not None}
        found = wrong or [*anomalies(evidence, active, requests, known)]
        counts = Counter(str(request.kind) for request in requests)
        operations = [request.operation for request in requests if request.operation]
        counts["refused"] = len(requests) - len(operations)
        counts["joined"] = len(operations) - len(set(operations))
        counts["cancel"] = sum(request.cancelled for request in requests)
        counts["foreign"] = bool(scenario.faults)
        counts["registers"] = len(SERVICES) * (1 + len(REPOSITORIES))
        story = tuple(self._story(evidence, requests, region)) if found else ()
        return Checked(seed, counts, tuple(found), story)

    def _story(self, evidence: dict[str, Any], requests: Sequence[Request], region: str) -> Iterator[str]:
        """What happened, in order."""
        with self.db.read() as session:
            mine = select(Operation.id).where(Operation.region == region)
            ids = session.scalars(mine.where(Operation.asked_at >= self._moment(requests[0].sent)))
            operations = [told(operation) for each in ids if (operation := queries.get_operation(self.db, each))]
        happened = [
            (request.sent, f"requested: {request.kind} {request.service} {request.repository} {request.operation}")
            for request in requests
        ]
        yield from in_order([*happened, *events(operations, evidence)])

    @staticmethod
    def _moment(timestamp: float) -> datetime:
        return datetime.fromtimestamp(timestamp - 1, UTC)

    def _client(self, region: str, lot: random.Random, plan: Sequence[tuple[Kind, str, str]]) -> list[Request]:
        made: list[Request] = []
        for kind, service, repository in plan:
            time.sleep(lot.random() * 10 / SPEED)
            request = Request(kind, service, repository, self._now())
            answer = lot.choice(self.replicas).ask("start", kind, region, service, repository)
            request.answered = self._now()
            request.operation, request.refused = answer
            made.append(request)
            if request.operation and lot.random() < 0.15:
                time.sleep(lot.random() * 5 / SPEED)
                lot.choice(self.replicas).ask("cancel", request.operation)
                request.cancelled = True
        return made

    def _ended(self, operation_id: str) -> tuple[float, str] | None:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            operation = queries.get_operation(self.db, operation_id)
            if operation is not None and operation.outcome is not None and operation.ended_at is not None:
                return operation.ended_at.timestamp(), operation.outcome
            time.sleep(0.05)
        return None

    def _now(self) -> float:
        return self.clock.now().timestamp()


def _scenario(lot: random.Random, seed: int) -> Scenario:
    services = tuple(Service(name, lot.choice(("active", "active", "inactive"))) for name in SERVICES)
    repositories = tuple(Repository(name, document(FOREIGN[0])) for name in REPOSITORIES)
    faults = [fault(f"foreign_{lot.choice(('before', 'after'))}", 1, after=lot.randint(0, 5), times=2)]
    return Scenario(f"register-{seed}", services, repositories, (), tuple(faults[: lot.randint(0, 1)]))


def _plan(lot: random.Random) -> list[tuple[Kind, str, str]]:
    plan = []
    for _ in range(lot.randint(1, 3)):
        kind = lot.choices(KINDS, (5, 5, 1, 1))[0]
        repository = lot.choice(REPOSITORIES) if kind in (Kind.GRANT, Kind.REVOKE) else ""
        plan.append((kind, lot.choice(SERVICES), repository))
    return plan


@contextmanager
def _stage() -> Iterator[_Stage]:
    clock = FastClock()
    with ExitStack() as stack:
        sandbox = stack.enter_context(campaign_sandbox(SameClock(clock)))
        url = stack.enter_context(postgres())
        db = Database(url)
        stack.callback(db.close)
        migrate(db)
        replicas = [
            stack.enter_context(_replica(Replica(f"replica-{number}", url), sandbox.url, clock))
            for number in range(REPLICAS)
        ]
        yield _Stage(sandbox, db, clock, replicas)


class _RemoteReplica:
    """A replica in a process of its own, asked over a pipe, one question at a time."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._turn = threading.Lock()

    def ask(self, *question: str) -> tuple[str, str]:
        """Ask; the operation's id and the code of what was refused, one of them empty."""
        with self._turn:
            self._pipe.send(question)
            answer: tuple[str, str] = self._pipe.recv()
            return answer


@contextmanager
def _replica(replica: Replica, url: str, clock: FastClock) -> Iterator[_RemoteReplica]:
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=_serve, args=(replica, url, clock, theirs))
    child.start()
    try:
        ours.recv()
        yield _RemoteReplica(ours)
        ours.send(())
        child.join(SECONDS)
    finally:
        child.kill()


def _serve(replica: Replica, url: str, clock: FastClock, pipe: Connection) -> None:
    logging.disable(logging.ERROR)
    asyncio.run(_answer(replica, url, clock, pipe))


async def _answer(replica: Replica, url: str, clock: FastClock, pipe: Connection) -> None:
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as threads:
        async with player(Path(folder), url, clock, replica=replica) as playing:
            pipe.send(())
            loop = asyncio.get_running_loop()
            while question := await loop.run_in_executor(threads, pipe.recv):
                pipe.send(await loop.run_in_executor(threads, _answered, playing.starter, question))


def _answered(starter: Any, question: tuple[str, ...]) -> tuple[str, str]:
    what, *rest = question
    try:
        if what == "cancel":
            starter.cancel(rest[0], "campaign")
            return rest[0], ""
        kind, region, service, repository = rest
        given = {"remove_statements": True} if kind == Kind.DEACTIVATE else {}
        return starter.start(Ask(Kind(kind), region, service, repository, "campaign", given)), ""
    except Problem as problem:
        return "", problem.code

"""Plays operations on one loop without the engine, in no time: which calls they make when, and what they say meanwhile.

A minute of waiting costs nothing, and every pause is exact, so that a test can compare the whole account of an operation.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from app import bootstrap
from app.db import Database
from app.drift import DriftWatch
from app.history import store
from app.messages import labels
from app.operations import context, step
from app.operations.batches import Batches
from app.operations.cancellation import CancelWatch
from app.operations.context import Context
from app.operations.deadlines import Deadlines
from app.operations.local_tasks import Running
from app.operations.progress import Note, Progress
from app.operations.read import find_progress
from app.operations.start import Ask, Starter
from app.operations.state import Kind
from app.operations.step import run_step
from app.operations.workflow import WORKFLOWS
from app.operations.write_slots import WriteSlots
from tests.build import REGION
from tests.fake_clock import FakeClock
from tests.fakes import FakeAws


class Killed(BaseException):
    """The process ended here."""


@dataclass
class Account:
    """What happened, in order: lines that begin with the second; the same many times in a row is one line."""

    clock: FakeClock
    lines: list[tuple[float, str, int]] = field(default_factory=list)

    def add(self, line: str) -> None:
        at = round(self.clock.monotonic(), 2)
        if self.lines and self.lines[-1][1] == line:
            since, _, times = self.lines.pop()
            self.lines.append((since, line, times + 1))
        else:
            self.lines.append((at, line, 1))

    def take(self) -> list[str]:
        taken, self.lines = self.lines, []
        return [f"{at:g} {line}{f' x{times}' if times > 1 else ''}" for at, line, times in taken]


class IdleClock(FakeClock):
    """Jumps as soon as nothing on the loop can run: nothing here waits for another thread."""

    def _turn(self, loop: Any, left: int) -> None:
        super()._turn(loop, self.TURNS if loop._ready else 0)


class ToldAws(FakeAws):
    """An AWS whose calls are in the account."""

    account_book: Account

    def called(self, action: str, region: str) -> str:
        self.account_book.add(action.partition(":")[2])
        return super().called(action, region)


class AtOnce(Executor):
    """Runs what it is given where it is given."""

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(call(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  (handed on to whoever awaits it)
            future.set_exception(error)
        return future


class Calls:
    """`AwsCalls` without threads."""

    async def run(self, _region: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return call(*args, **kwargs)

    run_next = run_in_background = run


@dataclass(frozen=True)
class ToldContext(Context):
    """A context whose steps tell what they record."""

    account: Account | None = None

    async def record(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        done = await super().record(call, *args, **kwargs)
        assert self.account is not None
        if call is store.step_noted:
            self.account.add(f"says: {_said(args[1])}")
        if call is store.step_ended:
            self.account.add(_told_end(*args[:2]))
        return done


def _told_end(run: store.Run, end: store.StepEnd) -> str:
    problem = f" {end.problem['code']}" if end.problem else ""
    note = f": {_said(end.note)}" if end.note else ""
    return f"{run.step} {end.state}{problem}{note}"


def _said(note: dict[str, Any]) -> str:
    return labels.note(Note(note["code"], note["params"]))


class Bench:
    """What tests ask for operations and see of them; `aws` is what they change."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.clock = IdleClock()
        self.account = Account(self.clock)
        self.aws = ToldAws(self.clock)
        self.aws.account_book = self.account
        self.points: dict[str, Callable[[], object]] = {}
        self._kinds: dict[str, Kind] = {}
        self._parts: list[asyncio.Task[Any]] = []
        self._checkpoints: dict[tuple[str, str, int], str] = {}
        self._called: Counter[tuple[str, str]] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._install()

    def _install(self) -> None:
        """Begin as a new process does."""
        self.cancels = CancelWatch(self._nobody)
        self.starter = Starter(self.db, self.clock, self._enqueue, self.cancels.notice)
        self.batches = Batches(self.db, self.clock, self.starter)
        calls: Any = Calls()
        threads: Any = AtOnce()
        supervisor: Any = _NoSupervisor()
        context.install(
            ToldContext(
                db=self.db,
                aws=self.aws,
                calls=calls,
                poller=bootstrap._poller(bootstrap._lister(self.aws, calls), self.clock, supervisor),
                clock=self.clock,
                deadlines=Deadlines(self.clock),
                cancels=self.cancels,
                running=Running(self.clock),
                start_part=bootstrap._as_part(self.db, self.starter),
                cancel_parts=self.starter.cancel_parts,
                database_threads=threads,
                forget_repository=bootstrap._forgetting(self.db, DriftWatch(self.db, bootstrap.CONNECTION)),
                write_slots=WriteSlots(self.clock, 1.0),
                crash=lambda point: self.points.pop(point, lambda: None)(),
                connection=bootstrap.CONNECTION,
                role_wait_seconds=900,
                fresh_seconds=1.0,
                sure_seconds=10.0,
                late_write_seconds=60.0,
                write_groups=None,
                account=self.account,
            )
        )

    def ask(self, kind: Kind, service: str, repository: str = "", **asked: Any) -> str:
        return self.starter.start(Ask(kind, REGION, service, repository, "mika", asked))

    def play(self, *ids: str) -> None:
        """Let them run side by side to their ends, with what they start, or until the process is killed."""

        async def all_of_them() -> None:
            await asyncio.gather(*(_workflow(self._kinds[id_])(id_) for id_ in ids))

        try:
            self.do(all_of_them)
        except (Killed, BaseExceptionGroup):
            self.account.add("killed")
        self.clock.advance(1)  # two writes at the same time would have no order

    def do(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Run something on a loop until it is done."""

        async def run() -> Any:
            self._install()  # this process knows nothing of the one before
            self._loop, self._parts = asyncio.get_running_loop(), []
            self._called.clear()
            try:
                return await work()
            finally:
                self._loop = None
                for task in self._parts:
                    task.cancel()
                await asyncio.gather(*self._parts, return_exceptions=True)

        try:
            return asyncio.run(run())
        finally:
            self.clock.forget()

    def kill_at(self, point: str) -> None:
        """Let the process end at this point, once."""
        self.points[point] = _kill

    def progress(self, operation_id: str) -> Progress:
        found = find_progress(self.db, operation_id)
        assert found is not None
        return found

    async def _checkpointed(self, operation_id: str, name: str, *args: Any, **kwargs: Any) -> Any:
        """A step as the engine runs it: one that has ended is not run again. Items of batches have no checkpoints."""
        self._called[operation_id, name] += 1
        key = operation_id, name, self._called[operation_id, name]
        if key not in self._checkpoints or operation_id not in self._kinds:
            self._checkpoints[key] = json.dumps(await run_step(operation_id, name, *args, **kwargs))
        return json.loads(self._checkpoints[key])

    def _enqueue(self, operation_id: str, _run: object, _key: str) -> None:
        operation = find_progress(self.db, operation_id)
        assert operation is not None
        self._kinds[operation_id] = operation.kind
        if self._loop is not None:
            self._parts.append(self._loop.create_task(_workflow(operation.kind)(operation_id)))

    @staticmethod
    async def _nobody() -> tuple[str, ...]:
        return ()


def _kill() -> None:
    raise Killed


@contextmanager
def open_bench(db: Database) -> Iterator[Bench]:
    """A bench whose steps have checkpoints."""
    bench = Bench(db)
    modules = [module for name, module in sys.modules.items() if name.startswith("app.operations.")]
    with ExitStack() as patched:
        for module in modules:
            if hasattr(module, "run_step") and module is not step:
                patched.enter_context(mock.patch.object(module, "run_step", bench._checkpointed))
        yield bench


def _workflow(kind: Kind) -> Callable[[str], Coroutine[Any, Any, str]]:
    """A kind's workflow without the engine around it: a step is then a call."""
    return inspect.unwrap(WORKFLOWS[kind])  # type: ignore[return-value]


class _NoSupervisor:
    def part(self, *_args: Any, **_kwargs: Any) -> _NoSupervisor:
        return self

    def turned(self, _seconds: float) -> None:
        """Nobody watches."""

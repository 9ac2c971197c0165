"""Kills the process at every step boundary: before and after each call to AWS and each reading or write of the history.

A child plays a shape until it is killed at a numbered point; a second one on the same database carries on to the end.
The sandbox is in this process and lives on; the check is the same as for faults.
"""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from app.aws.call_pool import AwsCalls
from app.operations import context
from app.operations.write_groups import Many
from campaign.aws import SECRET, CampaignSandbox, campaign_sandbox
from campaign.clock import FastClock, SameClock
from campaign.play import Evidence, player, scratch
from campaign.runner import REGIONS, Played, judged
from campaign.scenario import Scenario
from campaign.shapes import SHAPES

A = TypeVar("A")
P = ParamSpec("P")
R = TypeVar("R")

AT_A_TIME = 3
SECONDS = 120  # after which a child counts as stuck
NEVER = 0


class Deadly:
    """Counts points, and kills this process without a word at the one of that number."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.passed = 0

    def __call__(self) -> None:
        self.passed += 1
        if self.passed == self._number:
            os.kill(os.getpid(), signal.SIGKILL)


class DeadlyCalls:
    """The pool of AWS calls with a point before and after each call."""

    def __init__(self, calls: AwsCalls, point: Callable[[], None]) -> None:
        self._calls = calls
        self._point = point

    async def run(self, region: str, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        with self._between():
            return await self._calls.run(region, call, *args, **kwargs)

    async def run_next(self, region: str, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        with self._between():
            return await self._calls.run_next(region, call, *args, **kwargs)

    @contextmanager
    def _between(self) -> Iterator[None]:
        self._point()
        try:
            yield
        finally:
            self._point()


@dataclass(frozen=True)
class DeadlyContext(context.Context):
    """The parts of operations with a point before and after each use of the database."""

    point: Callable[[], None] = lambda: None

    async def in_db(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        if "_asked_to_stop" in call.__qualname__:  # comes by the clock, not by the work
            return await super().in_db(call, *args, **kwargs)
        self.point()
        done = await super().in_db(call, *args, **kwargs)
        self.point()
        return done

    async def record_among(self, many: Many[A, R], thing: A) -> R:
        self.point()
        done = await super().record_among(many, thing)
        self.point()
        return done

    async def record(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        self.point()
        done = await super().record(call, *args, **kwargs)
        self.point()
        return done


def _install(point: Callable[[], None]) -> None:
    there = context.current()
    parts: dict[str, Any] = {each.name: getattr(there, each.name) for each in fields(there)}
    calls: Any = DeadlyCalls(there.calls, point)
    context.install(DeadlyContext(**{**parts, "calls": calls}, point=point))


@dataclass(frozen=True)
class _Asked:
    """What a child is to do."""

    scenario: Scenario
    region: str
    url: str
    folder: str
    clock: FastClock
    kill_at: int


def _child(asked: _Asked) -> None:
    logging.disable(logging.ERROR)
    told = asyncio.run(_carry_on(asked))
    Path(asked.folder, "told.json").write_text(json.dumps(told))


async def _carry_on(asked: _Asked) -> dict[str, Any]:
    """Play a scenario from wherever it stands; how it ended, and how many points were passed."""
    point = Deadly(asked.kill_at)
    async with player(Path(asked.folder), asked.url, asked.clock, prepared=partial(_install, point)) as playing:
        operations = await playing.carry_on(asked.scenario, asked.region)
    return {"operations": operations, "points": point.passed}


def kill_everywhere(names: Sequence[str], *, told: Callable[[Played], None], every: int = 1) -> None:
    """Kill each shape of those names at each of its points, or at one of so many; `told` hears of each run."""
    clock = FastClock()
    with campaign_sandbox(SameClock(clock)) as sandbox, ThreadPoolExecutor(AT_A_TIME) as threads:
        free = list(REGIONS)
        play = partial(_play, sandbox, clock, free)
        clean = list(threads.map(play, names, [NEVER] * len(names)))
        for played, _ in clean:
            told(played)
        points = [
            (name, number)
            for name, (_, passed) in zip(names, clean, strict=True)
            for number in range(1 + len(name) % every, passed + 1, every)
        ]
        for played, _ in threads.map(lambda point: play(*point), points):
            told(played)


def kill_one(name: str, number: int) -> Played:
    """One run of it."""
    clock = FastClock()
    with campaign_sandbox(SameClock(clock)) as sandbox:
        return _play(sandbox, clock, list(REGIONS), name, number)[0]


def _play(sandbox: CampaignSandbox, clock: FastClock, free: list[str], name: str, number: int) -> tuple[Played, int]:
    """One run: the shape, killed at that point; and how many points it has when nobody kills it."""
    region = free.pop()
    try:
        scenario = SHAPES[name]
        stage = sandbox.set_up(scenario, region)
        with scratch() as folder:
            for kill_at in [number, NEVER] if number else [NEVER]:
                told = _in_child(_Asked(scenario, region, sandbox.url, folder, clock, kill_at))
            kept = _files_with(folder, SECRET)
        sandbox.calm(stage)
        evidence = Evidence(scenario, told["operations"], sandbox.evidence(stage))
        played = judged(evidence, f"{name}/kill-{number}", ("kill",) if number else ())
        played.verdict.wrong += [f"{each} holds the value of a variable" for each in kept]
        return played, told["points"]
    finally:
        free.append(region)


def _files_with(folder: str, text: str) -> list[str]:
    return [path.name for path in Path(folder).rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def _in_child(asked: _Asked) -> dict[str, Any]:
    """What a child told; nothing when it was killed. Raises when it broke."""
    told = Path(asked.folder, "told.json")
    told.unlink(missing_ok=True)
    child = _contexts().Process(target=_child, args=(asked,))
    child.start()
    child.join(SECONDS)
    if child.exitcode is None:
        child.kill()
        child.join()
        raise RuntimeError(f"{asked.scenario.name} got stuck after the point {asked.kill_at}")
    if told.exists():  # it came to its end: the server of forks loses the code of a child's exit now and then
        found: dict[str, Any] = json.loads(told.read_text())
        return found
    if child.exitcode != -signal.SIGKILL:
        raise RuntimeError(
            f"{asked.scenario.name}, to be killed at the point {asked.kill_at}, ended with {child.exitcode}"
        )
    return {"operations": [], "points": 0}


def _contexts() -> multiprocessing.context.ForkServerContext:
    # A child begins where all modules are imported already: that would take it longer than the work.
    contexts = multiprocessing.get_context("forkserver")
    contexts.set_forkserver_preload(["campaign.kills"])
    return contexts

"""One process that runs many grants with the real parts, and as many operations whose steps are empty.

Started by `throughput.py`; reads a JSON object of what is wanted from its standard input and prints what it measured as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from app.bootstrap import Services, build
from app.history.models import Operation
from app.inventory.sync_state import What
from app.migrate import migrate
from app.operations import engine
from app.operations.start import Ask
from app.operations.state import Kind, Outcome
from app.settings import load
from benchmarks import cpu

# As many as a grant to an active service has: the wait for its role is none.
EMPTY_STEPS = 3
STARTERS = 8  # as many as the server's routes have
REGION = "us-east-1"
PROFILED = 200

_done = 0


@engine.step("nothing")
async def _nothing(operation_id: str) -> dict[str, str]:
    return {"state": "succeeded", "operation": operation_id}


@engine.workflow("benchmark.empty")
async def _empty(operation_id: str) -> str:
    global _done  # noqa: PLW0603  (the workflow gets nothing but its id)
    for _ in range(EMPTY_STEPS):
        await _nothing(operation_id)
    _done += 1
    return "succeeded"


async def main(asked: dict[str, Any]) -> dict[str, Any]:
    settings = load(data_dir=Path(asked["folder"]), regions=REGION, database_url=asked["database_url"] or None)
    services = build(settings)
    migrate(services.db)
    await _read_region(services)
    await services.start()
    pairs = [tuple(pair) for pair in asked["pairs"]]
    count = asked["operations"]
    measured, profiled = pairs[:count], pairs[count : count + PROFILED]
    try:
        floor = await _floor(services, count)
        before = cpu.by_thread_group(_group)
        seconds = await _grants(services, measured)
        spent = cpu.by_thread_group(_group) - before
        with cpu.sampled() as (owners, functions):
            await _grants(services, profiled)
    finally:
        await services.stop()
    return {
        "floor_per_second": count / floor,
        "per_second": count / seconds,
        "cpu_ms_by_threads": {name: round(1000 * each / count, 2) for name, each in spent.most_common()},
        "owners": cpu.shares(owners, 8),
        "functions": cpu.shares(functions, 25),
    }


async def _read_region(services: Services) -> None:
    """As a server has done by the time that somebody chooses a repository."""
    for what in (What.SERVICES, What.REPOSITORIES):
        while (await services.scanner.turn(REGION, what)).more:
            pass


async def _floor(services: Services, count: int) -> float:
    """Seconds that so many operations take whose steps do nothing."""
    ids = [str(uuid.uuid4()) for _ in range(count)]
    began = time.perf_counter()
    await _start(lambda id_: services.engine.enqueue(id_, _empty, f"nothing {id_}"), ids)
    while _done < count:  # noqa: ASYNC110  (what the engine finishes tells nobody)
        await asyncio.sleep(0.02)
    return time.perf_counter() - began


async def _grants(services: Services, pairs: Sequence[tuple[str, str]]) -> float:
    """Seconds from the first start to the last end, by the history."""
    began = services.clock.now()
    asks = [Ask(Kind.GRANT, REGION, service, repository) for service, repository in pairs]
    await _start(services.starter.start, asks)
    with ThreadPoolExecutor(1) as looking:
        while await asyncio.get_running_loop().run_in_executor(looking, _living, services):  # noqa: ASYNC110  (as above)
            await asyncio.sleep(0.1)
        outcomes, last = await asyncio.get_running_loop().run_in_executor(looking, _ended, services, began)
    if outcomes != {Outcome.SUCCEEDED: len(pairs)}:
        raise RuntimeError(f"of {len(pairs)} grants: {outcomes}")
    seconds: float = (last - began).total_seconds()
    return seconds


async def _start(start: Callable[[Any], object], asks: Iterable[Any]) -> None:
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(STARTERS, thread_name_prefix="starting") as threads:
        started: list[Awaitable[object]] = [loop.run_in_executor(threads, start, ask) for ask in asks]
        await asyncio.gather(*started)


def _living(services: Services) -> int:
    with services.db.read() as session:
        return session.scalar(select(func.count()).select_from(Operation).where(Operation.outcome.is_(None))) or 0


def _ended(services: Services, since: Any) -> tuple[dict[str, int], Any]:
    with services.db.read() as session:
        mine = Operation.asked_at >= since
        rows = session.execute(select(Operation.outcome, func.count()).where(mine).group_by(Operation.outcome)).all()
        return {str(row[0]): row[1] for row in rows}, session.scalar(select(func.max(Operation.ended_at)).where(mine))


def _group(name: str) -> str:
    for start, words in (
        ("MainThread", "event loop"),
        ("aws", "calls to AWS"),
        ("history", "history"),
        ("starting", "starting"),
        ("replica", "lease"),
    ):
        if name.startswith(start):
            return words
    return "engine's threads"


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(json.load(sys.stdin)))))

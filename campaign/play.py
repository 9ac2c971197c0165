"""Plays scenarios with the real parts: operations on the engine, the real SDK on the wire, the sandbox behind it.

One engine plays several scenarios at a time, each in a region of its own.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

from sqlalchemy import ColumnElement, delete, select

from app import bootstrap
from app.aws.clients import ConnectionSettings
from app.aws.session import BotoAws
from app.errors import Problem
from app.history import queries
from app.history.models import Operation, PolicyChange
from app.operations.batches import NewItem
from app.operations.lease import Pace
from app.operations.start import Ask
from app.operations.state import Kind
from app.settings import load
from campaign.aws import CampaignSandbox
from campaign.clock import SPEED, FastClock
from campaign.scenario import Asked, Scenario

T = TypeVar("T")
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKID123456789012",
    "AWS_SECRET_ACCESS_KEY": "sandbox",
    "AWS_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    # Each try is one call: what the SDK's own retries hide is what operations must be able to bear.
    "AWS_MAX_ATTEMPTS": "1",
}
READ_TIMEOUT = 0.5  # seconds by the machine's clock
LONGEST = 90.0  # seconds by the machine's clock after which an operation counts as left running
MOST_RETRIES = 2
# A deactivation that changed nothing, or found the role off.
NOTHING_TO_PUT_BACK = frozenset({"role.unchanged", "role.was_off", "role.unrecorded"})
MEMORY = "/dev/shm"  # noqa: S108  (a folder of a name of its own is made in it)


@dataclass
class Evidence:
    """What a run left behind: `operations` as the history tells them, the rest as the sandbox tells it."""

    scenario: Scenario
    operations: list[dict[str, Any]]
    aws: dict[str, Any]


Trouble = Callable[[Scenario, str], AbstractAsyncContextManager[None]]
"""What else happens to a scenario in a Region."""


class Player:
    """Plays scenarios on running parts."""

    def __init__(self, services: bootstrap.Services) -> None:
        self.services = services
        self.starter = services.starter
        # The engine's threads are few; starting and looking must not wait for them.
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="campaign")

    async def play(
        self, scenario: Scenario, region: str, sandbox: CampaignSandbox, trouble: Trouble | None = None
    ) -> Evidence:
        """Play one scenario to its end: what was asked for, then once more what failed, then the undo.

        While the first is played, `trouble` is there too.
        """
        stage = sandbox.set_up(scenario, region)
        await self._in_thread(self._forget_writes, region)
        async with trouble(scenario, region) if trouble else nullcontext():
            ids = await self._ask(scenario.asks, region, one_by_one=scenario.one_by_one, as_batch=scenario.as_batch)
        sandbox.calm(stage)
        await self._retry_failed(ids)
        if scenario.undo:
            await self._undo_last(ids)
        return Evidence(scenario, await self._told(ids), sandbox.evidence(stage))

    async def carry_on(self, scenario: Scenario, region: str) -> list[dict[str, Any]]:
        """Play a scenario without faults from wherever an earlier process left it; its operations, as `Evidence`."""
        ids = await self._in_thread(self._in_region, region)
        if scenario.as_batch:
            # It was recorded whole, or not at all.
            ids = ids or await self._ask(scenario.asks, region, as_batch=True)
        elif scenario.one_by_one:
            await self._all_ended(ids)
            rest = scenario.asks[await self._in_thread(self._count_asked, ids) :]
            ids += await self._ask(rest, region, one_by_one=True, after=ids)
        else:
            ids += await self._ask(scenario.asks[len(ids) :], region)
        await self._all_ended(ids)
        if scenario.undo and len(ids) == len(scenario.asks):
            await self._undo_last(ids)
        return await self._told(ids)

    async def _ask(
        self,
        asks: Sequence[Asked],
        region: str,
        *,
        one_by_one: bool = False,
        as_batch: bool = False,
        after: Sequence[str] = (),
    ) -> list[str]:
        """Ask for operations, which come `after` others; their ids, once they have ended."""
        ids: list[str] = []
        if as_batch and asks:
            return await self._ask_batch(asks, region)
        for asked in asks:
            if asked.kind == Kind.REACTIVATE:
                ids += await self._undo_deactivation([*after, *ids])
            else:
                ids.append(await self._start(asked, region))
            if one_by_one:
                await self._all_ended(ids)
        ids = list(dict.fromkeys(ids))
        await self._all_ended(ids)
        return ids

    async def _all_ended(self, ids: Sequence[str]) -> None:
        for each in ids:
            await self._ended(each)

    async def _undo_deactivation(self, ids: Sequence[str]) -> list[str]:
        """Undo the last deactivation; nothing where it changed nothing."""
        operations = [await self._in_thread(self._get, each) for each in ids]
        last = next(each for each in reversed(operations) if each.kind == Kind.DEACTIVATE)
        try:
            return [await self._in_thread(self.services.starter.undo, last.id, "campaign")]
        except Problem as problem:
            if problem.code not in NOTHING_TO_PUT_BACK:
                raise
            return []

    def _count_asked(self, ids: Sequence[str]) -> int:
        """How many of these operations were asked for by themselves; the others are parts of these."""
        operations = map(self._get, ids)
        return sum(each.follows is None or each.kind == Kind.REACTIVATE for each in operations)

    async def _ask_batch(self, asks: Sequence[Asked], region: str) -> list[str]:
        items = [NewItem(region, asked.service, asked.repository) for asked in asks]
        batch_id = await self._in_thread(self.services.batches.start, Kind(asks[0].kind), items, "campaign")
        ids = await self._in_thread(self._of_batch, batch_id)
        await self._all_ended(ids)
        return ids

    async def _start(self, asked: Asked, region: str) -> str:
        ask = Ask(Kind(asked.kind), region, asked.service, asked.repository, "campaign", dict(asked.input))
        operation_id = await self._in_thread(self.services.starter.start, ask)
        if asked.cancelled:
            await self._in_thread(self.services.starter.cancel, operation_id, "campaign")
        return operation_id

    async def _retry_failed(self, ids: list[str]) -> None:
        """As a person would: what failed is asked for again, now that AWS is well; unless something else came after."""
        for _ in range(MOST_RETRIES):
            last = {}
            for each in ids:
                operation = await self._in_thread(self._get, each)
                last[operation.service, operation.repository] = operation
            for failed in [one for one in last.values() if one.outcome == "failed" and one.kind != Kind.BATCH]:
                again = await self._in_thread(self.services.starter.retry, failed.id, "campaign")
                ids.append(again)
                await self._ended(again)

    async def _undo_last(self, ids: list[str]) -> None:
        """Take back what the last operation wrote that wrote anything."""
        for each in reversed(ids):
            try:
                undoing = await self._in_thread(self.services.starter.undo, each, "campaign")
            except Problem as problem:
                if problem.code != "operation.nothing_to_undo":
                    raise
                continue
            await self._ended(undoing)
            ids.append(undoing)
            return

    async def _ended(self, operation_id: str) -> None:
        end, pause = time.monotonic() + LONGEST, 0.02
        while (await self._in_thread(self._get, operation_id)).outcome is None and time.monotonic() < end:
            await asyncio.sleep(pause)
            pause = min(0.2, 1.3 * pause)

    async def _told(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        parts = [part for each in ids for part in await self._in_thread(queries.followers, self.services.db, each)]
        return [told(await self._in_thread(self._get, each)) for each in dict.fromkeys((*ids, *parts))]

    def _forget_writes(self, region: str) -> None:
        """What an earlier scenario wrote here is no past of this one's repositories."""
        with self.services.db.write() as session:
            session.execute(delete(PolicyChange).where(PolicyChange.region == region))

    def _in_region(self, region: str) -> list[str]:
        """The operations there are, in the order in which they were asked for."""
        return self._ids(Operation.region == region)

    def _of_batch(self, batch_id: str) -> list[str]:
        """Those of a batch: beside it there may be others of scenarios that were played before."""
        return self._ids(Operation.batch_id == batch_id)

    def _ids(self, which: ColumnElement[bool]) -> list[str]:
        with self.services.db.read() as session:
            return list(session.scalars(select(Operation.id).where(which).order_by(Operation.asked_at, Operation.id)))

    def _get(self, operation_id: str) -> Operation:
        found = queries.get_operation(self.services.db, operation_id)
        assert found is not None  # noqa: S101  (it was started)
        return found

    async def _in_thread(self, call: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *args)


def told(operation: Operation) -> dict[str, Any]:
    """An operation as the history tells it."""
    return {
        "id": operation.id,
        "follows": operation.follows,
        "kind": operation.kind,
        "service": operation.service,
        "repository": operation.repository,
        "outcome": operation.outcome,
        "problem": (operation.problem or {}).get("code", ""),
        "asked_at": operation.asked_at.timestamp(),
        "ended_at": operation.ended_at.timestamp() if operation.ended_at else None,
        "cancelled": bool(operation.cancel_requested_by),
        "steps": [
            {"name": each.name, "state": each.state, "note": (each.note or {}).get("code", "")}
            for each in operation.steps
        ],
        "changes": [
            {
                "repository": each.repository,
                "operation": each.operation_id,
                "planned_at": each.planned_at.timestamp(),
                "before": each.before,
                "after": each.after,
                "written_at": each.written_at.timestamp() if each.written_at else None,
                "unanswered_at": each.unanswered_at.timestamp() if each.unanswered_at else None,
            }
            for each in operation.changes
        ],
    }


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder for a database; in memory where there is such a place: `kill -9` loses nothing of that either."""
    return tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None)


@dataclass(frozen=True)
class Replica:
    """One of several processes on one PostgreSQL."""

    name: str
    database_url: str


@asynccontextmanager
async def player(
    folder: Path,
    url: str,
    clock: FastClock,
    prepared: Callable[[], None] = lambda: None,
    replica: Replica | None = None,
) -> AsyncIterator[Player]:
    """The parts of a server without the web, on the sandbox at `url`, while the block runs.

    They work on SQLite in `folder`, or as a `replica` on PostgreSQL. `prepared` is called before they begin to work.
    """
    # Only while it plays: tests of this process have an environment of their own.
    with patch.dict(os.environ, CREDENTIALS, AWS_ENDPOINT_URL=url):
        here = {"database_url": replica.database_url, "instance": replica.name} if replica else {}
        settings = load(data_dir=folder, regions="us-east-1", **here)
        connection = ConnectionSettings(version="campaign", read_timeout=READ_TIMEOUT, retry_mode="standard")
        # What is seconds by the fast clock is milliseconds of this machine, which may take that long for a call.
        pace = Pace(5.0 * SPEED, 20.0 * SPEED, look=SPEED, begins=60.0 * SPEED, reading=10.0 * SPEED)
        services = bootstrap.build(settings, aws=BotoAws(connection), clock=clock, pace=pace)
        prepared()
        services.claim()
        await services.start()
        try:
            yield Player(services)
        finally:
            await services.stop()

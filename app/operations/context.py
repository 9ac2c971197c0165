"""Dependencies of running operations: AWS, the database, the clock. Installed once when the engine starts.

Workflows are functions that the engine calls by name with an operation's id, so this module is the only way to pass
dependencies to them.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from app.aws.call_pool import AwsCalls
from app.aws.ports import Aws
from app.aws.role_poller import RolePoller
from app.clock import Clock
from app.db import Database
from app.history.models import Operation
from app.operations.cancellation import CancelWatch
from app.operations.deadlines import Deadlines
from app.operations.local_tasks import Running
from app.operations.state import Kind
from app.operations.write_groups import Many, WriteGroups
from app.operations.write_slots import WriteSlots
from app.outage import is_outage

# Seconds between two tries while the database is unavailable.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0

A = TypeVar("A")
P = ParamSpec("P")
R = TypeVar("R")
StartPart = Callable[[Operation, Kind, str, Mapping[str, Any]], str]


@dataclass(frozen=True)
class Context:
    """The dependencies.

    Args:
        start_part: starts a change of a repository's policy as a part of an operation, for its service, with this
            input; its id.
        cancel_parts: cancels the live parts of the operation with this id, by this person.
        fresh_seconds: how old a policy may be that a write is based on: what somebody else writes meanwhile is
            overwritten. From half of this on it is read again if that helps.
        sure_seconds: for how long a run that was the newest one of its step certainly is: what it sends later is refused.
        late_write_seconds: for how long AWS may still carry out a write whose answer was lost.
        forget_repository: notes that AWS, asked at this time, knew no repository of this Region and name.
        write_slots: limits how many policies are read and not yet written.
        write_groups: commits what is recorded together, where one writer at a time is all that the database has.
        crash: called by name after each outside write, so that a test can stop the world there.
    """

    db: Database
    aws: Aws
    calls: AwsCalls
    poller: RolePoller
    clock: Clock
    deadlines: Deadlines
    cancels: CancelWatch
    running: Running
    start_part: StartPart
    cancel_parts: Callable[[str, str], None]
    database_threads: ThreadPoolExecutor
    forget_repository: Callable[[str, str, datetime], None]
    write_slots: WriteSlots
    crash: Callable[[str], None]
    connection: str
    role_wait_seconds: int
    fresh_seconds: float
    sure_seconds: float
    late_write_seconds: float
    write_groups: WriteGroups | None

    async def in_db(self, call: Callable[Concatenate[Database, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what `call` returns for the database and these arguments, as `blocking` does."""
        return await self.blocking(call, self.db, *args, **kwargs)

    async def blocking(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a short blocking call that uses the database outside the loop, in our own threads: the engine has few.

        While the database cannot be reached or written (it restarts, the disk is full) this waits and retries: an
        operation continues only if it can be recorded. So `call` must be repeatable.
        """
        loop = asyncio.get_running_loop()
        bound = functools.partial(call, *args, **kwargs)
        return await self._patiently(lambda: loop.run_in_executor(self.database_threads, bound))

    async def record(self, call: Callable[Concatenate[Database, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """As `in_db`, of a call that writes on SQLite: it is committed with others that come at the same time."""
        if self.write_groups is None:
            return await self.in_db(call, *args, **kwargs)
        groups, bound = self.write_groups, functools.partial(call, self.db, *args, **kwargs)
        return await self._patiently(lambda: groups.run(bound))

    async def record_among(self, many: Many[A, R], thing: A) -> R:
        """As `record`, of one thing that `many` records, together with those of the same kind that come meanwhile."""
        if self.write_groups is None:
            (result,) = await self.in_db(many, [thing])
            return result
        groups = self.write_groups
        return await self._patiently(lambda: groups.run_among(many, thing))

    async def _patiently(self, run: Callable[[], Awaitable[R]]) -> R:
        pause = FIRST_PAUSE
        while True:
            try:
                return await run()
            except SQLAlchemyError as error:
                if not is_outage(error):
                    raise
                await self.clock.sleep(pause)
                pause = min(LONGEST_PAUSE, 2 * pause)

    async def in_thread(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a pure computation, such as a plan over a foreign policy, outside the loop."""
        return await asyncio.get_running_loop().run_in_executor(self.database_threads, lambda: call(*args, **kwargs))


_installed: list[Context] = []


def install(context: Context) -> None:
    """Set the dependencies of running operations; a later call replaces them."""
    _installed[:] = [context]


def current() -> Context:
    """Return this process's dependencies."""
    if not _installed:
        raise RuntimeError("operations run only after their context is installed")
    return _installed[0]

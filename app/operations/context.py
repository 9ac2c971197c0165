"""What running operations work with: AWS, the database, the clock. Installed once when the engine starts.

Workflows are functions that the engine calls by name with an operation's id, so this is the one place they can get
their parts from.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

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
from app.outage import is_outage

# Seconds between two tries while the database cannot be used.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Context:
    """The parts.

    Args:
        start_revoke: starts taking an operation's service out of a repository, as a part of that operation; its id.
        fresh_seconds: how old a policy may be that a write is based on: what somebody else writes meanwhile is
            overwritten. From half of this on it is read again if that helps.
        late_write_seconds: for how long AWS may still carry out a write whose answer was lost.
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
    start_revoke: Callable[[Operation, str], str]
    database_threads: ThreadPoolExecutor
    crash: Callable[[str], None] = lambda _point: None
    connection: str = "default"
    role_wait_seconds: int = 900
    fresh_seconds: float = 1.0
    late_write_seconds: float = 60.0

    async def in_db(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a short blocking database call beside the loop, in threads of our own: the engine's are few.

        While the database cannot be reached or written (it restarts, the disk is full) this waits and tries again:
        what cannot be recorded must not go on. So `call` must be one that may be repeated.
        """
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE
        while True:
            try:
                return await loop.run_in_executor(self.database_threads, lambda: call(*args, **kwargs))
            except SQLAlchemyError as error:
                if not is_outage(error):
                    raise
                await self.clock.sleep(pause)
                pause = min(LONGEST_PAUSE, 2 * pause)

    async def in_thread(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run what only computes, such as a plan over a policy somebody wrote, beside the loop."""
        return await asyncio.get_running_loop().run_in_executor(self.database_threads, lambda: call(*args, **kwargs))


_installed: list[Context] = []


def install(context: Context) -> None:
    """Give running operations their parts; a later call replaces them."""
    _installed[:] = [context]


def current() -> Context:
    """The parts of this process."""
    if not _installed:
        raise RuntimeError("operations run only after their context is installed")
    return _installed[0]

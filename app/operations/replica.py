"""One replica's life: it claims its name, runs operations, stands in for others that died, and leaves in order.

What it must never do: begin a step while another replica may believe it dead.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from app.clock import Clock
from app.operations.engine import Engine
from app.operations.lease import InstanceTakenError, Lease, Pace
from app.operations.reconcile import Reconciler
from app.operations.running import Running

log = logging.getLogger(__name__)

R = TypeVar("R")

# Seconds for changes on their way to AWS to be recorded, when the server stops.
DRAIN = 8.0
RECONCILE = 15.0
MAINTAIN = 3600.0


class Replica:
    """Runs the engine under a lease.

    Args:
        maintain: what one replica does for all now and then; blocks.
        die: ends the process, in order; called when another one has taken this instance's name.
    """

    def __init__(  # noqa: PLR0917  (the parts of the product, each under its own name)
        self,
        engine: Engine,
        lease: Lease,
        running: Running,
        reconciler: Reconciler,
        clock: Clock,
        pace: Pace,
        maintain: Callable[[], None],
        die: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._lease = lease
        self._running = running
        self._reconciler = reconciler
        self._clock = clock
        self._pace = pace
        self._maintain = maintain
        self._die = die
        # The engine's threads may all be busy: a sign of life must not wait for them.
        self._threads = ThreadPoolExecutor(3, thread_name_prefix="replica")
        self._tasks: list[asyncio.Task[None]] = []
        self._claimed = False

    def claim(self) -> None:
        """Claim the instance, before anything is served. Blocks. Raises InstanceTakenError."""
        self._lease.claim()
        self._claimed = True

    def disclaim(self) -> None:
        """Give up what `claim` claimed, before anything was served. Blocks."""
        self._lease.give_up()
        self._claimed = False

    def announce(self, address: str) -> None:
        """Say where this instance serves, once it can be reached there. Blocks."""
        self._lease.announce(address)

    async def start(self) -> None:
        """Work, and claim the instance if that has not been done. Raises InstanceTakenError."""
        if not self._claimed:
            await self._blocking(self.claim)
        await self._beat()
        await self._engine.launch()
        self._keep(self._beat, self._pace.beat)
        self._keep(self._look, self._pace.look)
        self._keep(self._put_right, RECONCILE, at_once=True)
        self._keep(self._forget, MAINTAIN, at_once=True)

    async def stop(self) -> None:
        """Let changes on their way be recorded, leave off the rest, and let others take it over at once."""
        if not await self._running.drain(DRAIN):
            log.warning("a change was still on its way to AWS; it is looked into at the next start")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._running.drop()
        await self._engine.close()
        try:
            await self._blocking(self._lease.give_up)
        except SQLAlchemyError as error:
            log.warning("others will take over only once this instance has been silent for a while: %s", error)
        self._threads.shutdown()

    async def _beat(self) -> None:
        began = self._clock.monotonic()
        seconds = await self._blocking(self._lease.beat)
        if seconds is None:
            await self._stand_down()
        else:
            self._running.may_begin_until(began + seconds)

    async def _stand_down(self) -> None:
        """Others took over while this process was stalled: leave off what was at work, and begin anew."""
        log.warning("this instance was believed dead, and its operations were taken over; it goes on with new ones")
        dropped = await self._running.drop()
        try:
            await self._blocking(self._lease.claim)
        except InstanceTakenError as error:
            log.critical("%s This one stops.", error)
            self._die()
            return
        await self._beat()
        await self._blocking(self._engine.resume, dropped)

    async def _look(self) -> None:
        taken = await self._blocking(self._lease.take_over, self._engine.take_over)
        if taken:
            log.warning("took over %s operations of an instance that is gone", taken)

    async def _put_right(self) -> None:
        await self._blocking(self._reconciler.put_right, self._running.ids)

    async def _forget(self) -> None:
        await self._blocking(self._maintain)

    def _keep(self, do: Callable[[], Awaitable[None]], seconds: float, *, at_once: bool = False) -> None:
        self._tasks.append(asyncio.create_task(self._again_and_again(do, seconds, at_once=at_once)))

    async def _again_and_again(self, do: Callable[[], Awaitable[None]], seconds: float, *, at_once: bool) -> None:
        if not at_once:
            await self._clock.sleep(seconds)
        while True:
            try:
                await do()
            except SQLAlchemyError as error:
                log.warning("the database cannot be used: %s", error)
            except Exception:  # the edge of a background task: the next round may do better
                log.exception("keeping order failed")
            await self._clock.sleep(seconds)

    async def _blocking(self, call: Callable[..., R], *args: Any) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *args)

"""One replica's life cycle: it claims its name, runs operations, takes over from dead replicas, and stops in order.

It begins no step while another replica may consider it dead.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from app.clock import Clock
from app.db import Database
from app.operations.engine import Engine
from app.operations.lease import InstanceTakenError, Lease, Pace
from app.operations.local_tasks import Running
from app.operations.recovery import Recovery
from app.outage import is_outage
from app.stopping import WRITES_END_WITHIN
from app.supervisor import Part, Supervisor

log = logging.getLogger(__name__)

R = TypeVar("R")

RECOVER_EVERY = 15.0
MAINTAIN = 3600.0
# The queue is polled every third of the time in which an operation begins. After so many times as long, it counts as
# stuck, and then only a new process can help.
STUCK, DEAD = 1.5, 6.0
PARTS = 6


class Replica:
    """Runs the engine under a lease.

    Args:
        maintain: periodic work that one replica does for all; blocks.
        are_tables_free: whether no other program keeps operations from writing; blocks.
        die: ends the process, in order; called when another one has taken this instance's name, and when the engine
            starts no operations any more.
    """

    def __init__(  # noqa: PLR0917  (the services it needs, each by name)
        self,
        db: Database,
        engine: Engine,
        lease: Lease,
        running: Running,
        recovery: Recovery,
        clock: Clock,
        pace: Pace,
        maintain: Callable[[], None],
        are_tables_free: Callable[[], bool],
        die: Callable[[], None],
        supervisor: Supervisor,
    ) -> None:
        self._db = db
        self._supervisor = supervisor
        self._engine = engine
        self._lease = lease
        self._running = running
        self._recovery = recovery
        self._clock = clock
        self._pace = pace
        self._maintain = maintain
        self._are_tables_free = are_tables_free
        self._die = die
        # The engine's threads may all be busy, and each part of this: a heartbeat must not wait for them.
        self._threads = ThreadPoolExecutor(PARTS, thread_name_prefix="replica")
        self._claimed = False

    def claim(self) -> None:
        """Claim the instance, before anything is served. Blocks. Raises InstanceTakenError."""
        self._lease.claim()
        self._claimed = True

    def disclaim(self) -> None:
        """Release the claim, before anything was served. Blocks."""
        self._lease.give_up()
        self._claimed = False

    def announce(self, address: str) -> None:
        """Publish the address of this instance, once it can be reached there. Blocks."""
        self._lease.announce(address)

    async def start(self) -> None:
        """Start work, and claim the instance if that has not been done. Raises InstanceTakenError."""
        if not self._claimed:
            await self._blocking(self.claim)
        await self._beat()
        await self._engine.launch()
        part, pace = self._supervisor.part, self._pace
        self._lease_part = part("lease", 2 * pace.beat, needed=True)
        self._keep(self._lease_part, self._beat, pace.beat)
        self._keep(part("takeover", 30 * pace.look), self._look, pace.look)
        self._keep(part("recovery", 4 * RECOVER_EVERY), self._put_right, RECOVER_EVERY, at_once=True)
        self._keep(part("tables", 2 * pace.beat, needed=True), self._find_tables_free, pace.beat / 2)
        self._keep(part("maintenance", 2 * MAINTAIN), self._forget, MAINTAIN, at_once=True)
        self._watch_queue()

    async def stop(self) -> None:
        """Let writes in flight be recorded, drop the rest, and let others take it over at once."""
        await self._supervisor.stop()
        if not await self._running.drain(WRITES_END_WITHIN):
            log.warning("a change was still on its way to AWS; it is looked into at the next start")
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
        """Drop all work and restart: others took over while this process was stalled."""
        log.warning("this instance was believed dead, and its operations were taken over; it continues with new ones")
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
        await self._blocking(self._recovery.put_right, self._running.ids)

    async def _find_tables_free(self) -> bool:
        return await self._blocking(self._are_tables_free)

    async def _forget(self) -> None:
        await self._blocking(self._maintain)

    def _keep(
        self, part: Part, do: Callable[[], Awaitable[bool | None]], seconds: float, *, at_once: bool = False
    ) -> None:
        async def work() -> bool:
            try:
                return await do() is not False
            except SQLAlchemyError as error:
                if not is_outage(error):
                    raise
                return False  # it is temporary, and the next round comes soon

        self._supervisor.every(part, seconds, work, at_once=at_once)

    def _watch_queue(self) -> None:
        part = self._supervisor.part("queue", STUCK * self._pace.begins, needed=True)

        async def work() -> bool:
            try:
                turns = await self._blocking(self._recovery.queue_turns, timedelta(seconds=self._pace.begins))
            except SQLAlchemyError as error:
                if not is_outage(error):
                    raise
                return False
            if not turns and part.age > DEAD * self._pace.begins and self._lease_part.age < self._pace.dead_after:
                log.critical("the queue of operations has not moved for %.0f s; this process ends", part.age)
                self._die()
            return bool(turns)

        self._supervisor.every(part, self._pace.begins / 3, work)

    async def _blocking(self, call: Callable[..., R], *args: Any) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *args)

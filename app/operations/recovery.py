"""Compares the history with the engine, so that every live operation has a replica that runs it.

An operation may be restarted at any time: each of its steps does only what is still missing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import timedelta

from app.clock import Clock
from app.db import Database, chunks
from app.history.batches import end_orphans
from app.history.living import living_among, living_ids_outside
from app.history.queries import stuck_in_queue
from app.operations.engine import Engine, WorkflowState
from app.operations.lease import RECOVERY, Lease, alone
from app.operations.start import Starter

log = logging.getLogger(__name__)

CHUNK = 500
ON_ITS_WAY = timedelta(seconds=5)
# Seconds until an operation that did not run after a resume is resumed again.
AGAIN_AFTER, LONGEST_AGAIN = 60.0, 3600.0


class Recovery:
    """Repairs what a crash, a full disk or a restored backup left behind. Its methods block."""

    def __init__(self, db: Database, engine: Engine, starter: Starter, lease: Lease, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._engine = engine
        self._starter = starter
        self._lease = lease
        self._idle: frozenset[str] = frozenset()
        self._resumed: dict[str, tuple[float, float]] = {}

    def put_right(self, at_work: frozenset[str]) -> int:
        """Check every live operation; return how many were not running and were restarted.

        Args:
            at_work: the operations that tasks of this process work on.
        """
        idle: set[str] = set()
        count = 0
        at_work |= self._engine.executing()
        with alone(self._db, RECOVERY) as may:
            if may:
                count += end_orphans(self._db, self._clock.now())
                count += self._take_over_lost()
            versions = self._lease.versions()
            for ids in chunks(self._living(), CHUNK):
                states = self._engine.find(ids)
                idle |= {id_ for id_, each in states.items() if each.is_mine and id_ not in at_work}
                if may:
                    stranded = [id_ for id_ in ids if _is_stranded(states.get(id_), versions)]
                    count += self._start_over(stranded, states)
        # One just taken from the queue has no task yet: only the second check shows that it is idle.
        count += self._engine.resume(self._due(idle & self._idle))
        self._idle = frozenset(idle)
        if count:
            log.warning("%s operations had nobody who worked on them; they continue", count)
        return count

    def queue_turns(self, within: timedelta) -> bool:
        """Return whether operations that could begin do begin: none waits longer while none has begun `within` it."""
        since = self._clock.now() - within
        return not stuck_in_queue(self._db, waiting_since=since, begun_since=since)

    def _due(self, idle: Iterable[str]) -> list[str]:
        """Return those to resume now: after a resume without effect, the wait before the next one doubles."""
        now = self._clock.monotonic()
        resumptions = {id_: self._resumed.get(id_, (now, AGAIN_AFTER)) for id_ in idle}
        due = [id_ for id_, (at, _) in resumptions.items() if now >= at]
        for id_ in due:
            _, pause = resumptions[id_]
            resumptions[id_] = now + pause, min(2 * pause, LONGEST_AGAIN)
        self._resumed = resumptions
        return due

    def _take_over_lost(self) -> int:
        """Continue what is assigned to replicas that no longer exist; return how many operations that is.

        Also those that have ended: as long as the engine has not recorded that, nothing else begins under their key.
        """
        at_work = self._engine.instances_at_work()  # first: one that has just been started is in the lease by then
        return sum(self._engine.take_over(instance) for instance in at_work - self._lease.living())

    def _start_over(self, ids: Sequence[str], states: dict[str, WorkflowState]) -> int:
        """Enqueue operations as new ones, except those that have ended in the meantime; return how many."""
        still = living_among(self._db, ids)
        self._engine.forget([operation.id for operation in still if operation.id in states])
        for operation in still:
            self._starter.enqueue(operation)
        return len(still)

    def _living(self) -> list[str]:
        """Return all but those that may be on their way to the engine just now."""
        now = self._clock.now()
        # One from the future was recorded before the clock was set back.
        return living_ids_outside(self._db, now - ON_ITS_WAY, now + ON_ITS_WAY)


def _is_stranded(state: WorkflowState | None, versions: frozenset[str]) -> bool:
    """Return whether the engine does not know it, gave it up, or keeps it for a version that no replica can run."""
    return state is None or state.ended or state.version not in versions

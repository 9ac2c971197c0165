"""Periodic deletion of data that is no longer needed, by one replica for all."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from app.auth import events
from app.clock import Clock
from app.db import Database, refresh_statistics
from app.history.retention import Retention
from app.operations.engine import Engine
from app.operations.lease import MAINTENANCE, alone

log = logging.getLogger(__name__)

# The engine does not need its rows of finished operations; they are kept for a day for debugging.
ENGINE_KEEPS = timedelta(days=1)
CHUNK = 500


@dataclass(frozen=True)
class Maintenance:
    """Deletes what is no longer needed: the engine's rows of finished operations, and history past its retention."""

    db: Database
    engine: Engine
    clock: Clock
    retention: Retention

    def run(self) -> None:
        """Delete what is due, unless another replica is doing it. Blocks; may be repeated at any time."""
        with alone(self.db, MAINTENANCE) as may:
            if may:
                self._delete()
                refresh_statistics(self.db)

    def _delete(self) -> None:
        now = self.clock.now()
        while self.engine.forget_finished(now - ENGINE_KEEPS, CHUNK) == CHUNK:
            pass
        retained = self.retention.run()
        days = self.retention.days
        if retained.deleted:
            log.info("deleted %s operations that ended more than %s days ago", retained.deleted, days)
        elif retained.due:
            log.warning(
                "%s operations ended more than %s days ago; they are deleted once the clock is confirmed, in 2 days",
                retained.due,
                days,
            )
        count = events.forget(self.db, retained.before)
        if count:
            log.info("deleted %s old entries of the record of sign-ins", count)

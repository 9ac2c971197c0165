"""What has to be done now and then, by one replica for all: forgetting what is no longer needed."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from app.auth import events
from app.clock import Clock
from app.db import Database
from app.history import retention
from app.operations.engine import Engine
from app.operations.lease import MAINTENANCE, alone

log = logging.getLogger(__name__)

# The engine needs its rows of finished operations for nothing; a day is for whoever looks into a problem.
ENGINE_KEEPS = timedelta(days=1)
CHUNK = 500


@dataclass(frozen=True)
class Maintenance:
    """Forgets. `history_days`: how long history is kept; 0 keeps all of it."""

    db: Database
    engine: Engine
    clock: Clock
    history_days: int = 0

    def run(self) -> None:
        """Do what is due, unless another replica does it just now. Blocks; may be repeated at any time."""
        with alone(self.db, MAINTENANCE) as may:
            if may:
                self._forget()

    def _forget(self) -> None:
        now = self.clock.now()
        while self.engine.forget_finished(now - ENGINE_KEEPS, CHUNK) == CHUNK:
            pass
        count = retention.delete_older_than(self.db, self.history_days, now)
        if count:
            log.info("let go of %s operations that ended more than %s days ago", count, self.history_days)
        count = events.forget(self.db, self.history_days, now)
        if count:
            log.info("deleted %s old entries of the record of sign-ins", count)

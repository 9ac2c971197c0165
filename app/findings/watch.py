"""Keeps findings up to date for as long as the server runs, within about a second of what changes them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from app.clock import Clock
from app.db import Database
from app.findings import check_services
from app.findings.check import LIMIT, check_due, mark_expired

EVERY = 1.0
"""Seconds between two looks for repositories that are due."""


@dataclass(frozen=True)
class FindingsWatch:
    """Judges what is due. `threads` run what blocks on the database."""

    db: Database
    clock: Clock
    connection: str
    threads: ThreadPoolExecutor

    async def look(self) -> bool:
        """Judge all that is due now, a transaction's worth at a time; True, since it worked."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self.threads, mark_expired, self.db, self.connection, self.clock.now())
        while await loop.run_in_executor(self.threads, self._check) == LIMIT:
            pass
        while await loop.run_in_executor(self.threads, self._check_services) == check_services.LIMIT:
            pass
        return True

    def _check_services(self) -> int:
        return check_services.check_due_services(self.db, self.connection, self.clock.now())

    def _check(self) -> int:
        return check_due(self.db, self.connection, self.clock.now())

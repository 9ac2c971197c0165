"""Limits how many policies are at once between a read and the write that is based on it.

Whatever is read ages while it waits for the processor, the database and AWS. If five hundred operations read at the
same time, no write follows its read within the second that a read is good for, and each is read again; if a few do so
at a time, each write follows at once, and all of them end sooner.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.clock import Clock

AT_ONCE = 8


class WriteSlots:
    """Slots of one process, on its loop.

    Args:
        seconds: for how long a slot is held at most. A read is too old by then, and its write is not sent: who waits
            for an AWS that does not answer, or between two tries, need not keep others waiting.
        count: the number of slots.
    """

    def __init__(self, clock: Clock, seconds: float, count: int = AT_ONCE) -> None:
        self._clock, self._seconds = clock, seconds
        self._slots = asyncio.Semaphore(count)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold a slot while the block runs, as soon as one is free: first come, first served."""
        await self._slots.acquire()
        is_held = True

        def give_back(_expired: object = None) -> None:
            nonlocal is_held
            if is_held:
                is_held = False
                self._slots.release()

        expiry = asyncio.ensure_future(self._clock.sleep(self._seconds))
        expiry.add_done_callback(give_back)
        try:
            yield
        finally:
            give_back()
            expiry.cancel()

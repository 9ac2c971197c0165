"""Cancel requests: one small query per second for all operations running here, however many wait.

Cancelling is cooperative, because the engine's own cancel would let the next operation on a repository begin while
this one still runs. A request made on this replica is seen at once, one made on another within a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

Requested = Callable[[], Awaitable[Iterable[str]]]

EVERY = 1.0


class CancelWatch:
    """Sets an operation's event when it is requested to stop.

    Args:
        requested: returns the ids of all live operations with a cancel request.
    """

    def __init__(self, requested: Requested) -> None:
        self._requested = requested
        self._events: dict[str, list[asyncio.Event]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    @asynccontextmanager
    async def watching(self, operation_id: str) -> AsyncIterator[asyncio.Event]:
        """Yield an event that is set once the operation is requested to stop, for as long as the block runs."""
        event = asyncio.Event()
        self._events.setdefault(operation_id, []).append(event)
        self._loop = asyncio.get_running_loop()
        try:
            yield event
        finally:
            self._events[operation_id].remove(event)
            if not self._events[operation_id]:
                del self._events[operation_id]

    def notice(self, operation_id: str) -> None:
        """Report a request made on this replica, without waiting for the next query. May be called from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._set, operation_id)

    async def look(self) -> None:
        """Set the event of each operation here that was requested to stop; call it every `EVERY` seconds."""
        if self._events:
            for operation_id in await self._requested():
                self._set(operation_id)

    def _set(self, operation_id: str) -> None:
        for event in self._events.get(operation_id, ()):
            event.set()

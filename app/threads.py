"""Threads for blocking work of requests: reading tables, planning, comparing, rendering. Keeps it off the event loop.

They are few, since they hold the interpreter more than they wait. A request without a free thread in time is refused.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from app.errors import Problem

P = ParamSpec("P")
R = TypeVar("R")

PAGE_THREADS = 8
PATIENCE = 5.0  # seconds; a page takes some milliseconds, so after this long nothing moves
MOST_WAITING = 100


class BoundedThreads:
    """A pool of threads with a limit to how many calls wait, and for how long.

    Args:
        name: the prefix of its threads' names.
        threads: how many there are; each is started when it is first needed.
        patience: seconds that a call waits for a thread. How long it then runs is not limited.
        most_waiting: calls that may wait at a time.
    """

    def __init__(
        self, name: str, threads: int, *, patience: float = PATIENCE, most_waiting: int = MOST_WAITING
    ) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most = threads + most_waiting
        self._patience = patience
        self._lock = threading.Lock()
        self._unfinished = 0

    async def run(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `call` in a thread with the caller's context variables, and return its result.

        Raises:
            Problem: `server.busy` when no thread was free in time; the call was not made.
        """
        future = self._submit(functools.partial(call, *args, **kwargs))
        waiting = asyncio.wrap_future(future)
        try:
            done, _ = await asyncio.wait({waiting}, timeout=self._patience)
        except asyncio.CancelledError:
            waiting.cancel()  # a running one continues to its end; its result is dropped
            raise
        if not done and future.cancel():
            raise _busy()
        return await waiting

    def _submit(self, call: Callable[[], R]) -> Future[R]:
        with self._lock:
            if self._unfinished >= self._most:
                raise _busy()
            self._unfinished += 1
        future = self._threads.submit(contextvars.copy_context().run, call)
        future.add_done_callback(self._finished)
        return future

    def _finished(self, _future: Future[Any]) -> None:
        with self._lock:
            self._unfinished -= 1


@functools.cache
def page_threads() -> BoundedThreads:
    """Return the threads of pages and of the API, one pool per process."""
    return BoundedThreads("page", PAGE_THREADS)


async def run_in_threadpool(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run `call` in one of the page threads and return its result. Raises Problem `server.busy`."""
    return await page_threads().run(call, *args, **kwargs)


def _busy() -> Problem:
    return Problem("server.busy", retryable=True)

"""Commits what running operations record in groups: one commit, which waits for the disk, serves all that wait for it.

SQLite has one writer, so that operations side by side would wait for each other's commits. Nobody is told that
something is recorded before its commit.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from app.db import Database

R = TypeVar("R")

# Calls of one commit: more would keep the first of them waiting.
MOST = 32

_Waiting = tuple[Callable[[], Any], Future[Any]]


class WriteGroups:
    """Runs short blocking calls that write, in the order in which they come, in a thread of its own."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: deque[_Waiting] = deque()
        self._lock = threading.Lock()
        self._is_working = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history-writes")
        self._thread.submit(
            int
        )  # a machine that has no thread to give later must not keep anything from being recorded

    async def run(self, call: Callable[[], R]) -> R:
        """Return what the call returns, once it is committed. Raises what it raises, or what the commit met."""
        future: Future[R] = Future()
        with self._lock:
            self._waiting.append((call, future))
            begins = not self._is_working
            self._is_working = True
        if begins:
            self._thread.submit(self._work)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Take no more calls; those that wait are cancelled."""
        self._thread.shutdown(cancel_futures=True)

    def _work(self) -> None:
        while group := self._take():
            if len(group) == 1 or not self._run_together(group):
                for call, future in group:
                    _settle(future, *_outcome(call))

    def _take(self) -> list[_Waiting]:
        with self._lock:
            group: list[_Waiting] = []
            while self._waiting and len(group) < MOST:
                waiting = self._waiting.popleft()
                if waiting[1].set_running_or_notify_cancel():
                    group.append(waiting)
            self._is_working = bool(group)
            return group

    def _run_together(self, group: list[_Waiting]) -> bool:
        """Run a group in one transaction. False: the database refused something, and nothing of it is recorded."""
        try:
            with self._db.one_transaction():
                outcomes = [_unless_refused(call) for call, _ in group]
        except BaseException:  # noqa: BLE001  (each call is run by itself then, and meets what is wrong itself)
            return False
        for (_, future), outcome in zip(group, outcomes, strict=True):
            _settle(future, *outcome)
        return True


def _outcome(call: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    try:
        return call(), None
    except BaseException as error:  # noqa: BLE001  (handed on to whoever awaits it, whatever it is)
        return None, error


def _unless_refused(call: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """As `_outcome`. Raises what the database refused: the transaction may not be whole any more."""
    result, error = _outcome(call)
    if isinstance(error, SQLAlchemyError):
        raise error
    return result, error


def _settle(future: Future[Any], result: Any, error: BaseException | None) -> None:
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)

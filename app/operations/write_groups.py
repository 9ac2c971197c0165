"""Commits what running operations record in groups: one commit, which waits for the disk, serves all that wait for it.

SQLite has one writer, so that operations side by side would wait for each other's commits. Nobody is told that
something is recorded before its commit.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from app.db import Database

A = TypeVar("A")
R = TypeVar("R")

# Calls of one commit: more would keep the first of them waiting.
MOST = 32

Many = Callable[[Database, Sequence[A]], Sequence[R]]
"""Records many things of one kind by few statements; returns what became of each, in their order."""


@dataclass(frozen=True)
class _Waiting:
    """A call that waits, or one thing for `many`."""

    future: Future[Any]
    call: Callable[[], Any]
    many: Many[Any, Any] | None = None
    thing: Any = None


class WriteGroups:
    """Runs short blocking calls that write, in the order in which they come, in a thread of its own."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: deque[_Waiting] = deque()
        self._lock = threading.Lock()
        self._is_working = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history-writes")
        # Started now: a machine that has no thread to give later must not keep anything from being recorded.
        self._thread.submit(int)

    async def run(self, call: Callable[[], R]) -> R:
        """Return what the call returns, once it is committed. Raises what it raises, or what the commit met."""
        future: Future[R] = Future()
        self._hand_in(_Waiting(future, call))
        return await asyncio.wrap_future(future)

    async def run_among(self, many: Many[A, R], thing: A) -> R:
        """Return what `many` returns for `thing`, once it is committed: it runs once for all that wait for it."""
        future: Future[R] = Future()
        self._hand_in(_Waiting(future, lambda: many(self._db, [thing])[0], many, thing))
        return await asyncio.wrap_future(future)

    def _hand_in(self, waiting: _Waiting) -> None:
        with self._lock:
            self._waiting.append(waiting)
            begins = not self._is_working
            self._is_working = True
        if begins:
            self._thread.submit(self._work)

    def close(self) -> None:
        """Take no more calls; those that wait are cancelled."""
        self._thread.shutdown(cancel_futures=True)

    def _work(self) -> None:
        while group := self._take():
            if len(group) == 1 or not self._run_together(group):
                for waiting in group:
                    _settle(waiting.future, *_outcome(waiting.call))

    def _take(self) -> list[_Waiting]:
        with self._lock:
            group: list[_Waiting] = []
            while self._waiting and len(group) < MOST:
                waiting = self._waiting.popleft()
                if waiting.future.set_running_or_notify_cancel():
                    group.append(waiting)
            self._is_working = bool(group)
            return group

    def _run_together(self, group: list[_Waiting]) -> bool:
        """Run a group in one transaction. False: the database refused something, and nothing of it is recorded."""
        try:
            with self._db.one_transaction():
                outcomes = [outcome for alike in _alike(group) for outcome in self._run_alike(alike)]
        except BaseException:  # noqa: BLE001  (each call is run by itself then, and meets what is wrong itself)
            return False
        for future, result, error in outcomes:
            _settle(future, result, error)
        return True

    def _run_alike(self, alike: list[_Waiting]) -> list[tuple[Future[Any], Any, BaseException | None]]:
        many = alike[0].many
        if many is None:
            return [(waiting.future, *_unless_refused(waiting.call)) for waiting in alike]
        results = many(self._db, [waiting.thing for waiting in alike])
        return [(waiting.future, result, None) for waiting, result in zip(alike, results, strict=True)]


def _alike(group: list[_Waiting]) -> list[list[_Waiting]]:
    """Return the calls by what records them; who waits for one of them hands in no other."""
    alike: dict[Any, list[_Waiting]] = {}
    for waiting in group:
        alike.setdefault(waiting.many, []).append(waiting)
    return list(alike.values())


def _outcome(call: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    try:
        return call(), None
    except BaseException as error:  # noqa: BLE001  (handed on to whoever awaits it, whatever it is)
        return None, error


def _unless_refused(call: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """Do the same as `_outcome`. Raises what the database refused: the transaction may not be whole any more."""
    result, error = _outcome(call)
    if isinstance(error, SQLAlchemyError):
        raise error
    return result, error


def _settle(future: Future[Any], result: Any, error: BaseException | None) -> None:
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)

"""Wraps the workflow engine (DBOS): decorators for workflows and steps, and running them.

Only this module may import dbos (tests/test_architecture.py). The settings here follow from measurements. Not used:
the engine's pickle serializer, its own cancel (it frees a repository while a step still runs), enqueueing without key.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetEnqueueOptions, SetWorkflowID, WorkflowStatus, _dbos
from dbos._error import DBOSException
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from app import postgresql
from app.db import is_sqlite
from app.files import ensure_private
from app.outage import EngineLog, Outage

QUEUE = "operations"
QUEUE_THREADS = "queue-worker-"  # the engine's name for them
SCHEMA = "dbos"  # the engine's own default on PostgreSQL
# Raised by hand, and only when a workflow's steps change their order; a new release that keeps them continues the
# operations of the one before it.
VERSION = "operations-2"

AT_WORK = "PENDING"
ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")

Workflow = Callable[[str], Awaitable[str]]
P = ParamSpec("P")
R = TypeVar("R")


def workflow(name: str) -> Callable[[Workflow], Workflow]:
    """Return a decorator that makes a coroutine function of one operation id durable, under a permanent name."""
    # The engine gives up work that was interrupted too often; a waiting operation may see many restarts.
    return DBOS.workflow(name=name, max_recovery_attempts=1_000_000)


def step(name: str, *, waits: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator for a checkpointed step: plain JSON in and out, and safe to repeat.

    `waits`: it may take long and only waits, so that it can be dropped at any time.
    """
    return DBOS.step(name=name, preemptible=waits)


@dataclass(frozen=True)
class WorkflowState:
    """The engine's state of one operation."""

    status: str
    instance: str
    version: str
    me: str

    @property
    def ended(self) -> bool:
        """Whether it has ended for good."""
        return self.status in ENDED

    @property
    def is_mine(self) -> bool:
        """Whether it is assigned to this replica."""
        return self.status == AT_WORK and self.instance == self.me


class Engine:
    """Runs the operations of one replica.

    Args:
        url: where the engine keeps its tables.
        instance: this replica's stable name; two running processes must not share one (`app.operations.lease`).
        outage: reports that the engine's database is unavailable.
        queue_seconds: how often the queue is polled: the longest that an unblocked operation waits to begin.
    """

    def __init__(self, url: str, instance: str, outage: Outage, *, queue_seconds: float = 0.2) -> None:
        self._url = url
        self._log = EngineLog(outage)
        self._instance = instance
        self._queue_seconds = queue_seconds

    async def launch(self) -> None:
        """Start on the running loop, which from now on runs the workflows, those of the last run first."""
        _quiet_logger(self._log)
        DBOS(config=_config(self._url, self._instance))
        DBOS.launch()
        _look_before_dequeuing(_dbos._get_dbos_instance()._sys_db, lite=is_sqlite(self._url))  # noqa: SLF001  (as below)
        await DBOS.register_queue_async(QUEUE, partition_concurrency=1, polling_interval_sec=self._queue_seconds)

    async def close(self) -> None:
        """Stop. Running work stays recorded and continues at the next launch."""
        self._log.stopping = True
        _let_threads_die_quietly()
        await asyncio.to_thread(DBOS.destroy)

    def enqueue(self, operation_id: str, run: Workflow, key: str) -> None:
        """Let `run` work on an operation, one at a time per `key`. The same id again changes nothing.

        Blocks for one small transaction; do not call it on the loop.
        """
        if not key:
            raise ValueError("an operation without a key would stay in the queue for ever")
        with SetWorkflowID(operation_id), SetEnqueueOptions(queue_partition_key=key):
            DBOS.enqueue_workflow(QUEUE, run, operation_id)

    def executing(self) -> frozenset[str]:
        """Return the operations that the engine runs in this process, or whose end it has yet to record."""
        return frozenset(_dbos._get_dbos_instance()._active_workflows_set.activeList())  # noqa: SLF001  (no public way)

    def take_over(self, instance: str) -> int:
        """Continue a dead replica's work and return how many operations that was. Call it under its lease's lock.

        This method and the following block; do not call them on the loop.
        """
        return self._resume(_list(status=AT_WORK, executor_id=instance))

    def instances_at_work(self) -> frozenset[str]:
        """Return the names of the replicas that work is assigned to, alive or not."""
        return frozenset(row.executor_id for row in _list(status=AT_WORK) if row.executor_id)

    def resume(self, operation_ids: Iterable[str]) -> int:
        """Continue those of these operations that are assigned to this replica and do not run; return how many."""
        ids = list(operation_ids)
        if not ids:
            return 0
        return self._resume(_list(status=AT_WORK, workflow_ids=ids, executor_id=self._instance))

    def find(self, operation_ids: Sequence[str]) -> dict[str, WorkflowState]:
        """Return the engine's state of operations; unknown ones are missing."""
        if not operation_ids:
            return {}
        rows = _list(workflow_ids=list(operation_ids))
        return {
            row.workflow_id: WorkflowState(row.status, row.executor_id or "", row.app_version or "", self._instance)
            for row in rows
        }

    def forget(self, operation_ids: Sequence[str]) -> None:
        """Delete the engine's state of operations, so that they can be enqueued as new ones."""
        if operation_ids:
            DBOS.delete_workflows(list(operation_ids))

    def forget_finished(self, before: datetime, limit: int = 500) -> int:
        """Delete up to `limit` engine rows of operations that ended before a time; return how many. Our rows stay."""
        rows = _list(status=list(ENDED), completed_before=before.isoformat(), limit=limit)
        self.forget([row.workflow_id for row in rows])
        return len(rows)

    def _resume(self, rows: Sequence[WorkflowStatus]) -> int:
        if rows:
            DBOS.resume_workflows([row.workflow_id for row in rows], queue_name=QUEUE)
        return len(rows)


def forget_everything(connection: Connection) -> None:
    """Delete all of the engine's data on PostgreSQL, in the caller's transaction. No replica may run."""
    names = connection.scalars(
        text(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname = :schema AND tablename NOT LIKE '%migrations'"
        ),
        {"schema": SCHEMA},
    ).all()
    if names:
        connection.execute(text(f"TRUNCATE {', '.join(names)}"))


def _list(**wanted: Any) -> list[WorkflowStatus]:
    try:
        return DBOS.list_workflows(load_input=False, load_output=False, **wanted)
    except DBOSException as error:
        # The engine has an error of its own for a statement that the server ended.
        if isinstance(error.__cause__, SQLAlchemyError):
            raise error.__cause__ from None
        raise


class _Wal(sqlite3.Connection):
    """A connection with concurrent readers, commits that survive a power cut, and a file for its owner alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        with contextlib.suppress(OSError):  # SQLite reports the error itself
            ensure_private(Path(args[0]))
        super().__init__(*args, **kwargs)
        self.execute("PRAGMA journal_mode=WAL")
        self.execute("PRAGMA synchronous=FULL")


def _config(url: str, instance: str) -> DBOSConfig:
    lite = is_sqlite(url)
    return {
        "name": "sailpass",
        "system_database_url": url,
        "executor_id": instance,
        "application_version": VERSION,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        # Few threads are faster, since more compete for the interpreter. One is not enough: recovery occupies it.
        "max_executor_threads": 2,
        "sys_db_pool_size": 2 if lite else 4,
        "notification_listener_polling_interval_sec": 0.2,
        # Parameters are never logged: operations' inputs hold what people typed.
        "db_engine_kwargs": {"hide_parameters": True}
        | ({"connect_args": {"factory": _Wal}} if lite else _postgresql(url)),
    }


def _postgresql(url: str) -> dict[str, Any]:
    return {"pool_pre_ping": False, "creator": postgresql.connector(url)}


def _look_before_dequeuing(database: Any, *, lite: bool) -> None:
    """Let a poll of the queue that finds nothing cost one small query.

    The engine's own statement claims the first of each key, and is built anew five times a second: half of what an idle
    server takes. It claims nothing else than what is looked for here, so what waits begins as soon as before.
    """
    # The second condition is that of the index, without which SQLite does not use it.
    waiting = text(
        f"SELECT 1 FROM {'' if lite else SCHEMA + '.'}workflow_status"  # noqa: S608  (constants)
        " WHERE queue_name = :queue AND status = 'ENQUEUED' AND status IN ('ENQUEUED', 'PENDING') LIMIT 1"
    )
    dequeue = database.start_queued_partitioned_workflows

    def look_first(queue: Any, *args: Any, **options: Any) -> list[str]:
        with database.engine.connect() as connection:
            is_waiting = connection.scalar(waiting, {"queue": queue.name})
        return dequeue(queue, *args, **options) if is_waiting else []

    database.start_queued_partitioned_workflows = look_first


def _quiet_logger(quiet: EngineLog) -> None:
    # Without a handler of its own the engine installs one that prints beside our log.
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    for other in [log_filter for log_filter in logger.filters if isinstance(log_filter, EngineLog)]:
        logger.removeFilter(other)  # it stays for as long as the engine's threads may outlive it
    quiet.stopping = False
    logger.addFilter(quiet)
    logger.propagate = True


def _let_threads_die_quietly() -> None:
    """Print no traceback of a thread of the engine that finds the engine gone: it waited for a silent database."""
    if not isinstance(threading.excepthook, _QuietEnd):
        threading.excepthook = _QuietEnd(threading.excepthook)


@dataclass(frozen=True)
class _QuietEnd:
    """Hands on to `usual` what ends a thread, unless it is one of the engine's. One for all engines of a process."""

    usual: Callable[[threading.ExceptHookArgs], object]

    def __call__(self, failed: threading.ExceptHookArgs) -> None:
        if failed.thread is None or not failed.thread.name.startswith(QUEUE_THREADS):
            self.usual(failed)

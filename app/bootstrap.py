"""Dependency wiring: builds everything that the console works with from the settings. Used by tests too."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib.metadata import version
from typing import Any

from app.aws.call_pool import AwsCalls
from app.aws.clients import ConnectionSettings
from app.aws.ports import Answered, Aws, ContainerService
from app.aws.role_poller import ListServices, RolePoller
from app.aws.session import BotoAws
from app.backup.origin import check_origin
from app.clock import Clock, SystemClock
from app.clock_watch import EVERY as CLOCK_EVERY
from app.clock_watch import ClockWatch
from app.console.newest_tags import TagReader
from app.db import Database, is_sqlite
from app.drift import DriftWatch
from app.errors import Problem
from app.findings.watch import EVERY as FINDINGS_EVERY
from app.findings.watch import FindingsWatch
from app.history.living import cancel_requested_ids, living_part
from app.history.models import Operation
from app.history.retention import Retention
from app.inventory.background_sync import Scanner
from app.inventory.future import take_back_future_times
from app.inventory.store import forget_repository
from app.keys import RepositoryKey, ServiceKey
from app.maintenance import Maintenance
from app.messages.problems import what_happened, what_to_do
from app.migrate import migrate
from app.operations import context
from app.operations.batches import Batches
from app.operations.cancellation import EVERY as CANCELS_EVERY
from app.operations.cancellation import CancelWatch, Requested
from app.operations.context import StartPart
from app.operations.deadlines import Deadlines
from app.operations.engine import VERSION, Engine
from app.operations.lease import InstanceTakenError, Pace, lease_for
from app.operations.local_tasks import Running
from app.operations.recovery import Recovery
from app.operations.replica import Replica
from app.operations.start import Ask, Starter
from app.operations.state import Kind
from app.operations.table_locks import are_tables_free
from app.operations.write_groups import WriteGroups
from app.operations.write_slots import WriteSlots
from app.outage import Outage
from app.settings import Settings, SettingsError
from app.supervisor import Supervisor
from app.webhook import EVERY as WEBHOOK_EVERY
from app.webhook import Webhook

log = logging.getLogger(__name__)

CONNECTION = "default"
TAGS_EVERY = 1.0
# Seconds: a call to AWS is given up after 45, a use of the database after 10 and its connection.
HANGS_AFTER = 120.0


@dataclass(frozen=True)
class Services:
    """The wired services of one replica."""

    settings: Settings
    regions: tuple[str, ...]
    clock: Clock
    db: Database
    aws: Aws
    calls: AwsCalls
    poller: RolePoller
    cancels: CancelWatch
    running: Running
    engine: Engine
    starter: Starter
    batches: Batches
    scanner: Scanner
    tag_reader: TagReader
    replica: Replica
    database_threads: ThreadPoolExecutor
    supervisor: Supervisor
    clock_watch: ClockWatch
    write_groups: WriteGroups | None
    webhook_threads: ThreadPoolExecutor
    connection: str = CONNECTION

    def service_key(self, region: str, name: str) -> ServiceKey:
        """Return the key of a service of this connection."""
        return ServiceKey(self.connection, region, name)

    def repository_key(self, region: str, name: str) -> RepositoryKey:
        """Return the key of a repository of this connection."""
        return RepositoryKey(self.connection, region, name)

    def claim(self) -> None:
        """Bring the tables up to date and become this instance, before anything is served. Blocks.

        Raises:
            SettingsError: another running process has this name, or this SQLite file; the database can't be
                used.
        """
        try:
            if is_sqlite(self.db.url):
                self.replica.claim()  # first, so that no other process uses tables that change
                with ExitStack() as unless_migrated:
                    unless_migrated.callback(self.replica.disclaim)
                    migrate(self.db)
                    unless_migrated.pop_all()
            else:
                migrate(self.db)
                check_origin(self.db)
                self.replica.claim()
        except InstanceTakenError as error:
            raise SettingsError(str(error)) from error

    async def start(self) -> None:
        """Run operations, those of the last run first. Raises InstanceTakenError; the database must be migrated."""
        await self.replica.start()
        self.supervisor.every(self.supervisor.part("cancellation", HANGS_AFTER), CANCELS_EVERY, self._look_for_cancels)
        clock = self.supervisor.part("clock", HANGS_AFTER)
        self.supervisor.every(clock, CLOCK_EVERY, self.clock_watch.look, at_once=True)

    def start_scanning(self) -> None:
        """Keep the inventory of AWS up to date, until `stop`."""
        watch = FindingsWatch(self.db, self.clock, self.connection, self.database_threads)
        self.supervisor.every(self.supervisor.part("findings", HANGS_AFTER), FINDINGS_EVERY, watch.look)
        tags = self.supervisor.part("newest tags", HANGS_AFTER)
        self.supervisor.every(tags, TAGS_EVERY, self.tag_reader.look)
        if self.settings.webhook_url:
            webhook = Webhook(
                self.db,
                self.clock,
                self.connection,
                self.webhook_threads,
                self.settings.webhook_url,
                self.settings.webhook_secret,
            )
            self.supervisor.every(self.supervisor.part("webhook", HANGS_AFTER * 4), WEBHOOK_EVERY, webhook.look)
        for scanning in self.scanner.parts():
            part = self.supervisor.part(scanning.name, scanning.hangs_after)
            self.supervisor.run(part, partial(scanning.run, part.turned))

    async def _look_for_cancels(self) -> bool:
        await self.cancels.look()
        return True

    async def stop(self) -> None:
        """Stop in order: unfinished work stays recorded, and others may take it over at once."""
        await self.replica.stop()
        self.close()

    def close(self) -> None:
        """Close threads and connections, also of parts that were never started."""
        self.poller.close()
        self.scanner.close()
        self.calls.close()
        # A call in progress would open a new connection after the pool is closed.
        self.database_threads.shutdown(cancel_futures=True)
        if self.write_groups is not None:
            self.write_groups.close()
        self.webhook_threads.shutdown(wait=False, cancel_futures=True)
        self.db.close()


def build(
    settings: Settings,
    *,
    region: str = "",
    needs_region: bool = True,
    aws: Aws | None = None,
    clock: Clock | None = None,
    pace: Pace | None = None,
    crash: Callable[[str], None] | None = None,
    late_write_seconds: float = 60.0,
) -> Services:
    """Wire the services and install the operations' context. Starts nothing.

    Args:
        settings: how the console was started.
        region: the one to look at where neither the settings nor AWS's configuration names any.
        needs_region: without one there is nothing to do; else no Region is looked at then.
        aws: replaces the SDK's AWS, for tests.
        clock: replaces the system clock, for tests.
        pace: how soon a replica that is silent counts as dead.
        crash: called by name after each external write.
        late_write_seconds: for how long AWS may still carry out a write whose answer was lost.

    Raises:
        SettingsError: if a region is needed and none is configured.
    """
    clock = clock or SystemClock()
    db = Database(settings.history_url)
    aws = aws or BotoAws(ConnectionSettings(version=version("sailpass")))
    calls = AwsCalls()
    pace = pace or Pace()
    supervisor = Supervisor(clock, max(1.0, pace.beat / Pace().beat))
    poller = _poller(_lister(aws, calls), clock, supervisor)
    one_database = settings.engine_url == settings.history_url
    outage = db.outage if one_database else Outage("the engine's database")
    engine = Engine(settings.engine_url, settings.instance, outage)
    running = Running(clock)
    threads = ThreadPoolExecutor(3, thread_name_prefix="history")
    groups = WriteGroups(db) if is_sqlite(db.url) else None
    cancels = CancelWatch(_asked_to_stop(db, threads))
    starter = Starter(db, clock, engine.enqueue, cancels.notice, CONNECTION)
    lease = lease_for(db, settings.instance, VERSION, pace)
    recovery = Recovery(db, engine, starter, lease, clock)
    maintenance = Maintenance(db, engine, clock, Retention(db, clock, settings.history_days))
    replica = Replica(
        db,
        engine,
        lease,
        running,
        recovery,
        clock,
        pace,
        maintenance.run,
        partial(are_tables_free, db, settings.engine_url),
        _end_in_order,
        supervisor,
    )
    regions = _regions(settings, aws, region, needed=needs_region)
    drift = DriftWatch(db, CONNECTION)
    context.install(
        context.Context(
            db=db,
            aws=aws,
            calls=calls,
            poller=poller,
            clock=clock,
            deadlines=Deadlines(clock),
            cancels=cancels,
            running=running,
            start_part=_as_part(db, starter),
            cancel_parts=starter.cancel_parts,
            crash=crash or (lambda _point: None),
            database_threads=threads,
            forget_repository=_forgetting(db, drift),
            write_slots=WriteSlots(clock, pace.fresh),
            connection=CONNECTION,
            role_wait_seconds=settings.role_wait_seconds,
            fresh_seconds=pace.fresh,
            sure_seconds=pace.sure,
            late_write_seconds=late_write_seconds,
            write_groups=groups,
        )
    )
    return Services(
        settings=settings,
        regions=regions,
        clock=clock,
        db=db,
        aws=aws,
        calls=calls,
        poller=poller,
        cancels=cancels,
        running=running,
        engine=engine,
        starter=starter,
        batches=Batches(db, clock, starter),
        scanner=Scanner(db, aws, calls, clock, regions, CONNECTION, drift),
        tag_reader=TagReader(db, aws, calls, clock, CONNECTION, threads),
        replica=replica,
        database_threads=threads,
        supervisor=supervisor,
        clock_watch=_clock_watch(db, clock, threads),
        write_groups=groups,
        # Of its own: an address that doesn't answer must keep nothing else waiting.
        webhook_threads=ThreadPoolExecutor(1, thread_name_prefix="webhook"),
    )


def _forgetting(db: Database, drift: DriftWatch) -> Callable[[str, str, datetime], None]:
    def forget(region: str, name: str, at: datetime) -> None:
        drift.gone(region, name, at)
        forget_repository(db, RepositoryKey(CONNECTION, region, name), at)

    return forget


def _clock_watch(db: Database, clock: Clock, threads: ThreadPoolExecutor) -> ClockWatch:
    async def set_back() -> None:
        await asyncio.get_running_loop().run_in_executor(threads, take_back_future_times, db, clock.now())

    return ClockWatch(clock, set_back)


def _end_in_order() -> None:
    """Stop the process in order, as its termination signal does."""
    os.kill(os.getpid(), signal.SIGTERM)


def _regions(settings: Settings, aws: Aws, otherwise: str, *, needed: bool) -> tuple[str, ...]:
    if settings.regions == ("all",):
        return aws.regions()
    regions = settings.regions or _default_regions(aws, otherwise, needed=needed)
    for region in regions:
        problem = aws.region_problem(region)
        if problem is None:
            continue
        if problem.code == "aws.unknown_region" and region[-1:].isalpha():  # a zone, or not a region's name
            raise SettingsError(f"{what_happened(problem)} {what_to_do(problem)}")
        log.warning("%s %s", what_happened(problem), what_to_do(problem))
    return regions


def _default_regions(aws: Aws, otherwise: str, *, needed: bool) -> tuple[str, ...]:
    try:
        region = aws.default_region() or otherwise
    except Problem as problem:
        if not needed:
            return ()
        raise SettingsError(f"{what_happened(problem)} {what_to_do(problem)}") from None
    if needed and not region:
        raise SettingsError("No AWS Region is set. Set AWS_REGION, or SAILPASS_REGIONS to the Regions that you use.")
    return (region,) if region else ()


def _lister(aws: Aws, calls: AwsCalls) -> ListServices:
    async def list_services(region: str) -> Answered[tuple[ContainerService, ...]]:
        return await calls.run(region, aws.services(region).list_services)

    return list_services


def _poller(list_services: ListServices, clock: Clock, supervisor: Supervisor) -> RolePoller:
    def turned(region: str, seconds: float) -> None:
        again = partial(poller.look_again, region)
        supervisor.part(f"role poller of {region}", HANGS_AFTER, start_again=again).turned(seconds)

    poller = RolePoller(list_services, clock, turned)
    return poller


def _asked_to_stop(db: Database, threads: ThreadPoolExecutor) -> Requested:
    async def asked() -> Iterable[str]:
        return await asyncio.get_running_loop().run_in_executor(threads, cancel_requested_ids, db)

    return asked


def _as_part(db: Database, starter: Starter) -> StartPart:
    def start(parent: Operation, kind: Kind, repository: str, given: Mapping[str, Any]) -> str:
        started = living_part(db, parent.id, repository, kind)
        if started is not None:
            return started
        ask = Ask(kind, parent.region, parent.service, repository, parent.asked_by, dict(given), follows=parent.id)
        return starter.start_part(ask)

    return start

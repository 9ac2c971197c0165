"""The one place where real parts meet: from settings to everything the console works with. Tests call it too."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from app.aws.call_pool import AwsCalls
from app.aws.clients import ConnectionSettings
from app.aws.ports import Answered, Aws, ContainerService
from app.aws.role_poller import ListServices, RolePoller
from app.aws.session import BotoAws
from app.backup.origin import check_origin
from app.clock import Clock, SystemClock
from app.clock_watch import EVERY as CLOCK_EVERY
from app.clock_watch import ClockWatch
from app.db import Database, is_sqlite
from app.drift import DriftWatch
from app.errors import Problem
from app.history.living import cancel_requested_ids, living_part
from app.history.models import Operation
from app.history.retention import Retention
from app.inventory.background_sync import Scanner
from app.inventory.future import take_back_future_times
from app.maintenance import Maintenance
from app.messages.problems import what_happened, what_to_do
from app.migrate import migrate
from app.operations import context
from app.operations.cancellation import EVERY as CANCELS_EVERY
from app.operations.cancellation import Asked, CancelWatch
from app.operations.deadlines import Deadlines
from app.operations.engine import VERSION, Engine
from app.operations.lease import InstanceTakenError, Pace, lease_for
from app.operations.local_tasks import Running
from app.operations.reconcile import Reconciler
from app.operations.replica import Replica
from app.operations.start import Ask, Starter
from app.operations.state import Kind
from app.outage import Outage
from app.settings import Settings, SettingsError
from app.supervisor import Supervisor

log = logging.getLogger(__name__)

CONNECTION = "default"
# Seconds: a call to AWS is given up after 45, a use of the database after 10 and its connection.
HANGS_AFTER = 120.0


@dataclass(frozen=True)
class Services:
    """The parts of one replica, wired."""

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
    scanner: Scanner
    replica: Replica
    database_threads: ThreadPoolExecutor
    supervisor: Supervisor
    clock_watch: ClockWatch
    connection: str = CONNECTION

    def claim(self) -> None:
        """Bring the tables up to date and become this instance, before anything is served. Blocks.

        Raises:
            SettingsError: another living process has this name, or this SQLite file; the database must not be served
                as it is.
        """
        try:
            if is_sqlite(self.db.url):
                self.replica.claim()  # first, so that no other process works on tables that change
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
        """Keep what is known of AWS up to date, until `stop`."""
        for scanning in self.scanner.parts():
            part = self.supervisor.part(scanning.name, scanning.hangs_after)
            self.supervisor.run(part, partial(scanning.run, part.turned))

    async def _look_for_cancels(self) -> bool:
        await self.cancels.look()
        return True

    async def stop(self) -> None:
        """Stop in order: what is at work stays recorded, and others may take it over at once."""
        await self.replica.stop()
        self.close()

    def close(self) -> None:
        """Give back threads and connections, of parts that were never started too."""
        self.poller.close()
        self.scanner.close()
        self.calls.close()
        # A call still at work would open a connection anew after the pool is closed.
        self.database_threads.shutdown(cancel_futures=True)
        self.db.close()


def build(
    settings: Settings,
    *,
    aws: Aws | None = None,
    clock: Clock | None = None,
    pace: Pace | None = None,
    crash: Callable[[str], None] | None = None,
    late_write_seconds: float = 60.0,
) -> Services:
    """Wire the parts and install what operations work with. Starts nothing.

    Args:
        settings: how the console was started.
        aws: another AWS than the SDK's, for tests.
        clock: another clock than the machine's, for tests.
        pace: how soon a replica that is silent counts as dead.
        crash: called by name after each outside write.
        late_write_seconds: for how long AWS may still carry out a write whose answer was lost.

    Raises:
        SettingsError: when no region can be found out.
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
    cancels = CancelWatch(_asked_to_stop(db, threads))
    starter = Starter(db, clock, engine.enqueue, cancels.notice, CONNECTION)
    lease = lease_for(db, settings.instance, VERSION, pace)
    reconciler = Reconciler(db, engine, starter, lease, clock)
    maintenance = Maintenance(db, engine, clock, Retention(db, clock, settings.history_days))
    replica = Replica(db, engine, lease, running, reconciler, clock, pace, maintenance.run, _end_in_order, supervisor)
    regions = _regions(settings, aws)
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
            start_revoke=_revoke_as_part(db, starter),
            crash=crash or (lambda _point: None),
            database_threads=threads,
            connection=CONNECTION,
            role_wait_seconds=settings.role_wait_seconds,
            fresh_seconds=pace.fresh,
            late_write_seconds=late_write_seconds,
        )
    )
    scanner = Scanner(db, aws, calls, clock, regions, CONNECTION, DriftWatch(db, CONNECTION))
    return Services(
        settings,
        regions,
        clock,
        db,
        aws,
        calls,
        poller,
        cancels,
        running,
        engine,
        starter,
        scanner,
        replica,
        threads,
        supervisor,
        _clock_watch(db, clock, threads),
    )


def _clock_watch(db: Database, clock: Clock, threads: ThreadPoolExecutor) -> ClockWatch:
    async def set_back() -> None:
        await asyncio.get_running_loop().run_in_executor(threads, take_back_future_times, db, clock.now())

    return ClockWatch(clock, set_back)


def _end_in_order() -> None:
    """As if somebody had stopped the server."""
    os.kill(os.getpid(), signal.SIGTERM)


def _regions(settings: Settings, aws: Aws) -> tuple[str, ...]:
    if settings.regions == ("all",):
        return aws.regions()
    regions = settings.regions or (_default_region(aws),)
    for region in regions:
        problem = aws.region_problem(region)
        if problem is None:
            continue
        if problem.code == "aws.unknown_region" and region[-1:].isalpha():  # a zone, or no region's name at all
            raise SettingsError(f"{what_happened(problem)} {what_to_do(problem)}")
        log.warning("%s %s", what_happened(problem), what_to_do(problem))
    return regions


def _default_region(aws: Aws) -> str:
    try:
        region = aws.default_region()
    except Problem as problem:
        raise SettingsError(f"{what_happened(problem)} {what_to_do(problem)}") from None
    if region is None:
        raise SettingsError("No region is known; name one with AWS_REGION, or several with SAILPASS_REGIONS.")
    return region


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


def _asked_to_stop(db: Database, threads: ThreadPoolExecutor) -> Asked:
    async def asked() -> Iterable[str]:
        return await asyncio.get_running_loop().run_in_executor(threads, cancel_requested_ids, db)

    return asked


def _revoke_as_part(db: Database, starter: Starter) -> Callable[[Operation, str], str]:
    def start(parent: Operation, repository: str) -> str:
        started = living_part(db, parent.id, repository)
        if started is not None:
            return started
        ask = Ask(Kind.REVOKE, parent.region, parent.service, repository, asked_by=parent.asked_by, follows=parent.id)
        return starter.start(ask)

    return start

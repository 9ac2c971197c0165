"""Running operations without the web: the real parts on an AWS in memory, on a loop in a separate thread.

Time runs two hundred times as fast as outside, so that AWS's slowness costs nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import delete, select

from app import bootstrap
from app.history.models import Operation, PolicyChange
from app.history.queries import last_refusal
from app.inventory.models import PolicyPrincipal, SeenRegistry, SeenRepository
from app.migrate import migrate
from app.operations import replica
from app.operations.lease import Pace
from app.operations.planned import plan_operation
from app.operations.progress import Progress, StepView
from app.operations.read import find_progress
from app.operations.start import Ask
from app.operations.state import Kind, StepName
from app.settings import load
from tests.build import REGION, a_repository, a_service, an_active_role
from tests.console import until
from tests.fakes import FakeAws

SPEED = 200
# Between two looks for what other replicas left or requested, and for what nobody works on: few tests wait for them.
LOOK, RECOVER_EVERY = SPEED / 10, SPEED / 2
# A wait of milliseconds here is one of seconds on this clock.
PACE = Pace(beat=5.0 * SPEED, dead_after=20.0 * SPEED, look=LOOK, begins=30.0 * SPEED, reading=10.0 * SPEED)


class FastClock:
    """The machine's clock, many times as fast."""

    def __init__(self) -> None:
        self._began, self._moment = time.monotonic(), datetime(2026, 3, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self._moment + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * SPEED

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


class CrashPoints:
    """Lets something happen right after what was done to AWS, at the point of that name."""

    def __init__(self) -> None:
        self.do: dict[str, Callable[[], object]] = {}

    def __call__(self, point: str) -> None:
        self.do.pop(point, lambda: None)()


class Workshop:
    """What tests ask for operations and see of them; `aws` is what they change."""

    speed = SPEED

    def __init__(
        self, services: bootstrap.Services, aws: FakeAws, points: CrashPoints, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.services = services
        self.aws = aws
        self.points = points
        self._loop = loop

    def start(self, kind: Kind, service: str, repository: str = "", *, by: str = "mika", **asked: Any) -> str:
        return self.services.starter.start(Ask(kind, REGION, service, repository, by, asked))

    def previewed(self, kind: Kind, service: str, repository: str, **given: Any) -> str:
        """The fingerprint of what a preview would show now."""
        services = self.services
        refusal = last_refusal(services.db, services.repository_key(REGION, repository))
        seen = self.aws.services(REGION).get_service(service).value
        text = self.aws.repositories(REGION).get_policy(repository).value
        return plan_operation(kind, seen, repository, text, given, refusal=refusal).seen

    def as_previewed(self, kind: Kind, service: str, repository: str, **given: Any) -> str:
        """Start what was previewed on the policy as it is."""
        seen = self.previewed(kind, service, repository, **given)
        return self.start(kind, service, repository, **given, previewed=seen)

    def grant(self, service: str, repository: str) -> str:
        return self.start(Kind.GRANT, service, repository)

    def revoke(self, service: str, repository: str) -> str:
        return self.start(Kind.REVOKE, service, repository)

    def progress(self, operation_id: str) -> Progress:
        found = find_progress(self.services.db, operation_id)
        assert found is not None
        return found

    def ended(self, operation_id: str) -> Progress:
        """The operation once it has ended."""
        until(lambda: self._outcome(operation_id))
        return self.progress(operation_id)

    def _outcome(self, operation_id: str) -> str | None:
        with self.services.db.read() as session:
            return session.scalar(select(Operation.outcome).where(Operation.id == operation_id))

    def at(self, operation_id: str, name: StepName, note: str = "") -> StepView:
        """A step once it runs, and has left this remark."""
        return until(
            lambda: step(self.progress(operation_id), name),
            lambda seen: seen.state == "running" and (not note or (seen.note is not None and seen.note.code == note)),
        )

    def changes(self, operation_id: str) -> list[PolicyChange]:
        with self.services.db.read() as session:
            mine = select(PolicyChange).where(PolicyChange.operation_id == operation_id)
            return list(session.scalars(mine.order_by(PolicyChange.position)))

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run something on the loop that the operations run on."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    def clear(self) -> None:
        """An AWS that has nothing, and nothing wrong with it; and nothing known of it."""
        self.points.do.clear()
        with self.aws.lock:
            self.aws.clear()
        with self.services.db.write() as session:
            session.execute(delete(PolicyPrincipal))
            session.execute(delete(SeenRegistry))
            session.execute(delete(SeenRepository))
            session.execute(delete(PolicyChange))  # else the next test's policy seems older than what this one wrote


def step(progress: Progress, name: StepName) -> StepView:
    return next(seen for seen in progress.steps if seen.name == name)


def actions(aws: FakeAws) -> list[str]:
    """The operations that were called, in order."""
    return [call.operation for call in aws.calls]


def active(aws: FakeAws, name: str) -> None:
    """A service whose image puller role is on."""
    aws.add_service(a_service(name, role=an_active_role(name)))


def inactive(aws: FakeAws, name: str) -> None:
    aws.add_service(a_service(name))


def repository(aws: FakeAws, name: str, policy: str | None = None) -> None:
    aws.add_repository(a_repository(name), policy=policy)


@contextlib.contextmanager
def grant_that_waits(shop: Workshop, service: str, name: str) -> Iterator[str]:
    """A grant that waits for its role, and does not get it; its id."""
    shop.aws.activation_seconds, usual = 100_000, shop.aws.activation_seconds
    inactive(shop.aws, service)
    operation_id = shop.grant(service, name)
    shop.at(operation_id, StepName.WAIT_FOR_ROLE)
    yield operation_id
    shop.aws.activation_seconds = usual
    shop.services.starter.cancel(operation_id, "mika")
    shop.ended(operation_id)


@contextlib.contextmanager
def open_workshop(folder: Path, database_url: str = "") -> Iterator[Workshop]:
    """The parts, wired and launched on a loop in a thread of its own."""
    clock = FastClock()
    aws = FakeAws(clock)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    points = CrashPoints()
    settings = load(data_dir=folder, regions=REGION, database_url=database_url or None)
    services = bootstrap.build(settings, aws=aws, clock=clock, crash=points, pace=PACE)
    shop = Workshop(services, aws, points, loop)
    try:
        migrate(services.db)
        with (
            mock.patch.object(bootstrap, "CANCELS_EVERY", LOOK),
            mock.patch.object(replica, "RECOVER_EVERY", RECOVER_EVERY),
        ):
            shop.run(services.start())
        yield shop
    finally:
        shop.run(services.stop())
        shop.run(_leave_nothing())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _leave_nothing() -> None:
    """As the end of a server's loop does."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)

"""Waits for container services. All waits in a region share one list call per interval.

No Lightsail waiter exists. A waiter costs a future and no thread, so that thousands may wait. It ends at its deadline
and does not trust a single stale answer.
"""

from __future__ import annotations

import asyncio
import logging
import math
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app.aws.ports import Answered, ContainerService
from app.clock import Clock
from app.errors import Problem

log = logging.getLogger(__name__)

T = TypeVar("T")
ListServices = Callable[[str], Awaitable[Answered[tuple[ContainerService, ...]]]]
OnNote = Callable[[Problem | None, float], None]

SHORTEST = 0.25  # seconds between two polls of a region, however many waits begin: at most 4 calls a second
LONGEST = 5.0
PATIENT = 15.0  # for waits longer than five minutes
PATIENT_AFTER = 300.0
LONGEST_BACK_OFF = 30.0
SURE_AFTER = 5.0  # a bad sign must persist for this many seconds: AWS may answer with an older state
# How long all polls of a region must meet problems that are not temporary before its waits fail: one answer concerns
# one poll, and an expired token may be renewed.
SURE_OF_FAILURE_AFTER = 60.0
# How much longer than requested a sleep takes when the machine slept, and how long each wait still runs after that.
SLEPT, AWAKE = 30.0, 60.0
ACTIVATION_SHOWS_AFTER = 30.0  # an activation not visible by then in a settled service was undone by someone


def interval(waited: float) -> float:
    """Return seconds to the next poll after a wait this long: a twentieth of it, so that polling adds little to a wait.

    The first polls come every quarter of a second; from 100 s on every 5 s; after five minutes every 15 s.
    """
    if waited > PATIENT_AFTER:
        return PATIENT
    return min(LONGEST, max(SHORTEST, waited / 20))


@dataclass(frozen=True)
class Goal:
    """The state to wait for.

    `reached` decides it from one answer; `needs_role` means that an inactive role ends the wait; `late` is the code of
    the problem at the deadline.
    """

    reached: Callable[[ContainerService], bool]
    late: str
    needs_role: bool = False


ROLE_READY = Goal(lambda service: service.role.ready, "role.never_appeared", needs_role=True)
ROLE_OFF = Goal(lambda service: not service.role.is_active and service.is_settled, "role.never_off")
SERVICE_SETTLED = Goal(lambda service: service.is_settled, "service.never_settled")


@dataclass(eq=False)
class _Waiter:
    region: str
    service: str
    ends: float
    minutes: int
    goal: Goal
    on_note: OnNote | None
    joined: float
    future: asyncio.Future[ContainerService]
    was_active: bool = False
    off_since: float | None = None
    gone_since: float | None = None


@dataclass
class _Region:
    """The waiters of one region and when it was polled."""

    waiters: set[_Waiter] = field(default_factory=set)
    task: asyncio.Task[None] | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    looked: float = float("-inf")
    failures: int = 0
    failing_since: float | None = None
    youngest: float = float("-inf")
    unserved_since: float | None = None
    earliest: float | None = None


class RolePoller:
    """Serves all waits for services of one connection. Runs on one event loop.

    Args:
        list_services: lists a region's services; raises Problem. It is called at most four times a second per region.
        clock: the current time, and sleeping.
        turned: called after each poll, with the region and the seconds to the next one; infinity when no waiter is
            left.
    """

    def __init__(
        self, list_services: ListServices, clock: Clock, turned: Callable[[str, float], None] = lambda *_: None
    ) -> None:
        self._list = list_services
        self._clock = clock
        self._turned = turned
        self._regions: dict[str, _Region] = {}

    @property
    def waiting(self) -> int:
        """The number of waiters."""
        return sum(len(room.waiters) for room in self._regions.values())

    async def wait(
        self,
        region: str,
        service: str,
        seconds: float,
        goal: Goal = ROLE_READY,
        *,
        minutes: int = 15,
        cancelled: asyncio.Event | None = None,
        on_note: OnNote | None = None,
    ) -> ContainerService | None:
        """Wait until `goal` is reached.

        Args:
            region: where the service is.
            service: its name.
            seconds: until the deadline; a last poll is made then.
            goal: what to wait for.
            minutes: how long the whole wait may take, for the message at the deadline.
            cancelled: once set, the wait ends at once.
            on_note: called for each failed poll with the seconds to the next one, and once with None when AWS answers
                again. Runs on the loop: it must be quick.

        Returns:
            The service as AWS returned it when the goal was reached; None if the wait was cancelled.

        Raises:
            Problem: the goal's `late` at the deadline, or the last failure if AWS could not be reached then;
                `service.not_found` or `role.switched_off` when AWS says so for five seconds; an AWS problem that is not
                temporary and that every poll has met for a minute.
        """
        future: asyncio.Future[ContainerService] = asyncio.get_running_loop().create_future()
        now = self._clock.monotonic()
        waiter = _Waiter(region, service, now + seconds, minutes, goal, on_note, now, future)
        self._join(waiter)
        try:
            return await _first(future, cancelled)
        finally:
            self._leave(waiter)

    def close(self) -> None:
        """Stop polling. Remaining waits are cancelled."""
        for room in self._regions.values():
            for waiter in room.waiters:
                waiter.future.cancel()
            if room.task is not None:
                room.task.cancel()

    def look_again(self, region: str) -> None:
        """Restart the polls of a region whose polls hang."""
        room = self._regions.get(region)
        if room is not None and room.task is not None:
            room.task.cancel()
            self._begin(region, room)

    def _join(self, waiter: _Waiter) -> None:
        room = self._regions.setdefault(waiter.region, _Region())
        room.waiters.add(waiter)
        room.youngest = waiter.joined
        if room.unserved_since is None:
            room.unserved_since = waiter.joined
        room.earliest = waiter.ends if room.earliest is None else min(room.earliest, waiter.ends)
        room.changed.set()
        if room.task is None or room.task.done():
            self._begin(waiter.region, room)

    def _begin(self, region: str, room: _Region) -> None:
        self._turned(region, 0)
        room.task = asyncio.create_task(self._watch(region, room), name=f"wait:{region}")
        room.task.add_done_callback(lambda task: _hand_on_failure(task, room))

    def _leave(self, waiter: _Waiter) -> None:
        room = self._regions[waiter.region]
        room.waiters.discard(waiter)
        if not room.waiters and room.task is not None:
            room.task.cancel()
            room.task = None
            room.failures, room.failing_since = 0, None
            self._turned(waiter.region, math.inf)

    async def _watch(self, region: str, room: _Region) -> None:
        while room.waiters:
            while (rest := self._rest(room)) > 0:
                room.changed.clear()
                began = self._clock.monotonic()
                await _first(asyncio.ensure_future(self._clock.sleep(rest)), room.changed)
                if self._clock.monotonic() - began > rest + SLEPT:
                    self._prolong(room)
            await self._look(region, room)
            self._turned(region, self._rest(room) if room.waiters else math.inf)

    def _prolong(self, room: _Region) -> None:
        """Extend the waits after the machine slept: AWS, and the network at first, may need a moment."""
        least = self._clock.monotonic() + AWAKE
        for waiter in room.waiters:
            waiter.ends = max(waiter.ends, least)
        room.earliest = min((waiter.ends for waiter in room.waiters), default=None)

    def _rest(self, room: _Region) -> float:
        """Return seconds until this region is due for a poll."""
        now = self._clock.monotonic()
        pace = interval(now - room.youngest)
        due = max(room.looked, room.unserved_since or room.looked) + pace
        if room.failures:
            due = room.looked + _back_off(room.failures, pace)
        if room.earliest is not None:
            due = min(due, room.earliest)
        return max(due, room.looked + SHORTEST) - now

    async def _look(self, region: str, room: _Region) -> None:
        # A waiter that joins during the call may have changed the service after AWS read it: this answer is not for it.
        present = list(room.waiters)
        room.looked, room.unserved_since = self._clock.monotonic(), None
        try:
            answered = await self._list(region)
        except Problem as problem:
            room.failures += 1
            self._failed(room, present, problem)
        except Exception:  # our own bug in one poll must not end the operations of a whole region
            reference = uuid.uuid4().hex[:12]
            if not room.failures:
                log.exception("the services of %s could not be listed, reference %s", region, reference)
            room.failures += 1
            self._failed(room, present, Problem("internal", reference=reference))
        else:
            recovered, room.failures, room.failing_since = room.failures > 0, 0, None
            self._answered(present, answered.value, recovered=recovered)
        left = [waiter for waiter in room.waiters if not waiter.future.done()]
        room.earliest = min((waiter.ends for waiter in left), default=None)

    def _failed(self, room: _Region, present: Iterable[_Waiter], problem: Problem) -> None:
        monotonic = self._clock.monotonic()
        seconds = _back_off(room.failures, interval(monotonic - room.youngest))
        room.failing_since = None if problem.retryable else _since(room.failing_since, monotonic, seen=True)
        lasting = room.failing_since is not None and monotonic - room.failing_since >= SURE_OF_FAILURE_AFTER
        for waiter in present:
            if lasting or monotonic >= waiter.ends:
                _settle(waiter, _copy(problem))
            elif waiter.on_note is not None and not waiter.future.done():
                waiter.on_note(problem, seconds)

    def _answered(self, present: Iterable[_Waiter], services: Iterable[ContainerService], *, recovered: bool) -> None:
        by_name = {service.name: service for service in services}
        monotonic = self._clock.monotonic()
        for waiter in present:
            if recovered and waiter.on_note is not None and not waiter.future.done():
                waiter.on_note(None, 0)
            verdict = _verdict(waiter, by_name.get(waiter.service), monotonic)
            if verdict is not None:
                _settle(waiter, verdict)


def _verdict(waiter: _Waiter, service: ContainerService | None, monotonic: float) -> ContainerService | Problem | None:
    """Return what one answer means for one waiter; None: keep waiting."""
    where: dict[str, Any] = {"service": waiter.service, "region": waiter.region}
    if service is not None and waiter.goal.reached(service):
        return service
    waiter.gone_since = _since(waiter.gone_since, monotonic, seen=service is None)
    if _sure(waiter.gone_since, monotonic):
        return Problem("service.not_found", **where)
    off = service is not None and waiter.goal.needs_role and _is_off(waiter, service, monotonic)
    waiter.off_since = _since(waiter.off_since, monotonic, seen=off)
    if _sure(waiter.off_since, monotonic):
        return Problem("role.switched_off", **where)
    if monotonic >= waiter.ends:
        state = service.state if service is not None else "?"
        return Problem(waiter.goal.late, retryable=True, minutes=waiter.minutes, state=state, **where)
    return None


def _is_off(waiter: _Waiter, service: ContainerService, monotonic: float) -> bool:
    """Return whether the role was switched off after its activation: it was seen active, or should have been by now."""
    if service.role.is_active:
        waiter.was_active = True
        return False
    long_enough = monotonic - waiter.joined >= ACTIVATION_SHOWS_AFTER and service.is_settled
    return waiter.was_active or long_enough


def _since(before: float | None, now: float, *, seen: bool) -> float | None:
    if not seen:
        return None
    return now if before is None else before


def _sure(since: float | None, now: float) -> bool:
    return since is not None and now - since >= SURE_AFTER


def _back_off(failures: int, pace: float) -> float:
    doubled: float = max(1.0, pace) * 2.0 ** (min(failures, 8) - 1)
    return min(LONGEST_BACK_OFF, doubled)


def _copy(problem: Problem) -> Problem:
    """Return a separate problem for each waiter: a raised exception collects its raiser's traceback."""
    return Problem.from_json(problem.to_json())


def _settle(waiter: _Waiter, verdict: ContainerService | Problem) -> None:
    if waiter.future.done():
        return
    if isinstance(verdict, Problem):
        waiter.future.set_exception(verdict)
    else:
        waiter.future.set_result(verdict)


def _hand_on_failure(task: asyncio.Task[None], room: _Region) -> None:
    """Fail all waiters if a poll breaks unexpectedly, so that they do not wait forever."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        for waiter in room.waiters:
            if not waiter.future.done():
                waiter.future.set_exception(error)


async def _first(future: asyncio.Future[T], stop: asyncio.Event | None) -> T | None:
    """Return the future's result, or None as soon as `stop` is set; the future is then cancelled."""
    if stop is None:
        return await future
    stopping = asyncio.ensure_future(stop.wait())
    both: set[asyncio.Future[Any]] = {future, stopping}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        return future.result() if future.done() else None
    finally:
        stopping.cancel()
        future.cancel()

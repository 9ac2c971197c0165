"""Runs the items of a batch on one repository together: one read of its policy, one write, and one read to verify it.

That is how it goes while nothing goes wrong. Where anything else happens, each item goes on by its own steps, as after a
crash: they read anew, and know what has been written by what was recorded before it was sent.
"""

from __future__ import annotations

import asyncio
import functools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import TypeVar

from app.aws.ports import Answered
from app.db import Database
from app.errors import Problem
from app.history import repository_items
from app.history.policy_writes import Written
from app.history.repository_items import Beginning, Begun, BegunItem, ItemChanged, ItemEnded, WritePart
from app.history.store import Run
from app.history.turns import BehindAnother
from app.inventory import policies, queries
from app.inventory.due import mark_repositories
from app.inventory.policies import PolicyRead
from app.keys import ServiceKey
from app.operations.context import Context
from app.operations.item_changes import (
    BatchRole,
    ItemChange,
    NotTogetherError,
    Surroundings,
    Texts,
    change_of,
    judge_together,
    plan_together,
    texts_of_deletion,
)
from app.operations.messages import note_of_no_change
from app.operations.policy_steps import JUST_NOW, REMEMBERED
from app.operations.policy_write import OLD_READING, REREADS, fresh_write, remark_of
from app.operations.state import Outcome, StepName, StepState
from app.operations.step import AGAIN, PASSES_BY_ITSELF, CancelledHere, Stepping
from app.operations.workflow import is_done
from app.policy.canonical import equivalent
from app.policy.change import PlannedChange
from app.policy.stale_reads import seems_older

R = TypeVar("R")


@dataclass(frozen=True)
class Together:
    """Live items of one batch on one repository, with their services' roles; `leader` was requested first."""

    leader: str
    roles: Mapping[str, BatchRole]
    """By the items' ids."""


@dataclass(frozen=True)
class _Planned:
    """A policy as it was read, and what each item changes in it."""

    text: str | None
    changes: Sequence[PlannedChange]
    read_at: float

    @property
    def after(self) -> str | None:
        return self.changes[-1].after

    @property
    def needed(self) -> bool:
        return any(change.needed for change in self.changes)


async def run_together(context: Context, items: Together, surroundings: Surroundings) -> frozenset[str]:
    """Change a policy for all items and end them. Returns the ids of those left, each of which goes on by its own steps.

    Raises:
        BehindAnother: their turn has not come, or somebody else has begun the first of them; none has begun here.
    """
    with ExitStack() as working:
        for item_id in items.roles:
            working.enter_context(context.running.working(item_id))
        await context.running.admit()
        at = context.clock.now()
        beginning = Beginning(items.leader, tuple(items.roles), StepName.UPDATE_POLICY, at - JUST_NOW, at)
        begun = await context.record_among(repository_items.begin, beginning)
        if begun is None:
            raise BehindAnother
        have_ended = await is_done(_run_begun(context, begun, items.roles, surroundings), items.leader)
        return frozenset() if have_ended else frozenset(item.operation.id for item in begun.items)


async def _run_begun(
    context: Context, begun: Begun, roles: Mapping[str, BatchRole], surroundings: Surroundings
) -> bool:
    """Return whether the items have been changed together and have ended."""
    if any(_needs_its_steps(item) for item in begun.items):
        return False
    async with AsyncExitStack() as watching:
        leader = Stepping(begun.items[0].operation, begun.items[0].run, context)
        ids = [item.operation.id for item in begun.items]
        events = [await watching.enter_async_context(context.cancels.watching(id_)) for id_ in ids]
        leader.cancelled = events[0]
        try:
            changes = [change_of(item.operation, roles[item.operation.id], surroundings) for item in begun.items]
            return await _Run(leader, begun, changes, lambda: any(event.is_set() for event in events)).run()
        except (NotTogetherError, CancelledHere, Problem, repository_items.NewerRunError):
            return False


def _needs_its_steps(item: BegunItem) -> bool:
    """Return whether an item is run again, is to stop, or is bound to a preview."""
    operation = item.operation
    return bool(item.run.attempt > 1 or operation.cancel_requested_by or operation.input.get("previewed"))


@dataclass
class _Run:
    """One run. `leader` makes the calls and has the notes meanwhile."""

    leader: Stepping
    begun: Begun
    changes: Sequence[ItemChange]
    is_cancelled: Callable[[], bool]
    _worked_out: tuple[str | None, Sequence[PlannedChange]] | None = None
    """A policy, and what the items change in it."""

    async def run(self) -> bool:
        """Read the policy, write it where something is missing, and verify it; a problem that passes is waited for.

        False: a service's role was switched meanwhile.
        """
        for seconds in (*AGAIN, None):
            planned = await self._plan()
            if self.is_cancelled():
                raise CancelledHere
            if not planned.needed:
                return await self._verify(planned)
            try:
                return await self._send(planned)
            except Problem as problem:
                passes = problem.code in PASSES_BY_ITSELF or problem.code == OLD_READING
                if problem.effect_unknown or seconds is None or not passes:
                    raise
                if problem.code != OLD_READING:
                    await self.leader.note_again(problem, seconds)
                    await self.leader.pause(seconds)
        raise AssertionError("the last try returns or raises")

    async def _plan(self) -> _Planned:
        context = self.leader.context
        for rereads_left in range(REREADS, -1, -1):
            text, changes, _ = await _read(self.leader, self.begun.writes, self._work_out)
            read_at = self.leader.asked_at
            if context.clock.monotonic() - read_at <= context.fresh_seconds / 2 or not rereads_left:
                break
        return _Planned(text, changes, read_at)

    def _work_out(self, policy: str | None) -> Sequence[PlannedChange]:
        """Return what the items change in a policy.

        That of many items takes as long as a read is fresh: for a policy that reads the same again, it is known.
        """
        if self._worked_out is None or not equivalent(policy, self._worked_out[0]):
            self._worked_out = policy, plan_together(policy, self.changes)
        return self._worked_out[1]

    async def _send(self, planned: _Planned) -> bool:
        """Record the items' changes, write them, and record and verify that. Raises AWS's Problem, and NotTogetherError."""
        context = self.leader.context
        if not await context.record_among(repository_items.plan_writes, self._parts(planned)):
            raise NotTogetherError
        context.crash("write-planned")
        whole = PlannedChange(planned.text, planned.after, needed=True)
        with self._writing():
            try:
                answered = await self.leader.once(fresh_write(self.leader, whole, planned.read_at), first=True)
            except Problem as problem:
                if not problem.effect_unknown:
                    await self._forget()
                raise
            context.crash("policy-written")
            if planned.after is None and answered is None:
                await self._forget()  # somebody else has deleted it since
                raise NotTogetherError
            if planned.after is None and not equivalent(answered, planned.text):
                await self._end_changes(planned, texts_of_deletion(answered, planned.changes, self.changes))
                raise NotTogetherError  # it holds what somebody else wrote since the read
            return await self._verify(planned)

    def _parts(self, planned: _Planned) -> list[WritePart]:
        at = self.leader.context.clock.now()
        return [
            WritePart(
                item.run,
                item.operation.connection,
                item.operation.region,
                item.operation.repository,
                change.before,
                change.after,
                at,
            )
            for item, change in zip(self.begun.items, planned.changes, strict=True)
            if change.needed
        ]

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with ExitStack() as writing:
            for item in self.begun.items:
                writing.enter_context(self.leader.context.running.writing(item.operation.id))
            yield

    async def _forget(self) -> None:
        context = self.leader.context
        await context.in_db(repository_items.forget_writes, [item.run for item in self.begun.items])

    async def _end_changes(self, planned: _Planned, texts: Sequence[Texts | None] = ()) -> None:
        context = self.leader.context
        now, request_ids = context.clock.now(), tuple(self.leader.request_ids)
        changed = [
            ItemChanged(
                item.run,
                intended.verification,
                StepState.SUCCEEDED if change.needed else StepState.SKIPPED,
                {"code": _note_of(change, intended), "params": {}},
                request_ids,
                change.needed,
                now,
                intended.learned,
                text,
            )
            for item, intended, change, text in zip(
                self.begun.items, self.changes, planned.changes, texts or repeat(None, len(self.changes)), strict=True
            )
        ]
        await context.record_among(repository_items.end_changes, changed)

    async def _verify(self, planned: _Planned) -> bool:
        """Read the policy again while it is recorded how the changes ended, and end the items; as `run`."""
        recorded = asyncio.ensure_future(self._end_changes(planned))
        try:
            await self.leader.context.running.admit()
            verified = await self._verified(planned)
        except Problem as problem:
            raise NotTogetherError from problem  # not one of the write
        finally:
            await recorded
        have_ended = await self.leader.context.record_among(_end_verified, verified)
        self.leader.context.running.note_change()
        return have_ended

    async def _verified(self, planned: _Planned) -> _Verified:
        context = self.leader.context
        runs = [
            Run(item.operation.id, intended.verification, 1)
            for item, intended in zip(self.begun.items, self.changes, strict=True)
        ]
        step = Stepping(self.leader.operation, runs[0], context, self.leader.cancelled)
        written = Written(planned.text, planned.after, taken=True)
        writes = (written, *self.begun.writes) if planned.needed else self.begun.writes
        text, notes, read_at = await _read(
            step, writes, lambda policy: judge_together(policy, planned.after, self.changes)
        )
        now, request_ids = context.clock.now(), tuple(step.request_ids)
        ended = tuple(
            ItemEnded(
                run,
                Outcome.SUCCEEDED if change.needed else Outcome.NOTHING_TO_DO,
                {"code": code, "params": params},
                request_ids,
                now,
            )
            for run, change, (code, params) in zip(runs, planned.changes, notes, strict=True)
        )
        operation = step.operation
        reading = PolicyRead(operation.repository, text, read_at)
        return _Verified(operation.connection, operation.region, reading, ended, self._roles())

    def _roles(self) -> tuple[tuple[str, str], ...]:
        """Return the services that pull as these principals, where access was given."""
        return tuple(
            (item.operation.service, intended.learned["principal_arn"])
            for item, intended in zip(self.begun.items, self.changes, strict=True)
            if "principal_arn" in intended.learned
        )


def _note_of(change: PlannedChange, intended: ItemChange) -> str:
    return remark_of(change, intended.kind) if change.needed else note_of_no_change(intended.kind)


async def _read(
    step: Stepping, writes: Sequence[Written], decide: Callable[[str | None], R]
) -> tuple[str | None, R, datetime]:
    """Return the policy, what `decide` makes of it, and when it was read. Raises NotTogetherError for an older text.

    What is decided takes less than handing it to another thread would.
    """
    context, operation = step.context, step.operation
    get_policy = context.aws.repositories(operation.region).get_policy

    @functools.wraps(get_policy)
    def read_and_decide() -> Answered[tuple[str | None, R]]:
        answered = get_policy(operation.repository)
        if seems_older(answered.value, writes[:REMEMBERED]):
            raise NotTogetherError
        return Answered((answered.value, decide(answered.value)), answered.request_id)

    at = context.clock.now()
    text, decided = await step.call(read_and_decide)
    return text, decided, at


@dataclass(frozen=True)
class _Verified:
    """Items that end, with the policy as it was read last, and the services that must still pull as these principals."""

    connection: str
    region: str
    reading: PolicyRead
    ended: tuple[ItemEnded, ...]
    roles: tuple[tuple[str, str], ...]


def _end_verified(db: Database, verified: Sequence[_Verified]) -> list[bool]:
    """Store the policies and end the items. False: AWS was seen to have switched a role, and its items are left alone."""
    by_region: defaultdict[tuple[str, str], list[_Verified]] = defaultdict(list)
    for each in verified:
        by_region[each.connection, each.region].append(each)
    lasting: set[int] = set()
    for (connection, region), group in by_region.items():
        policies.remember_policies(db, connection, region, [each.reading for each in group])
        pullers = {
            pair: queries.role_of(db, ServiceKey(connection, region, pair[0])) for each in group for pair in each.roles
        }
        ends = [each for each in group if all(pullers[pair] == (True, pair[1]) for pair in each.roles)]
        repository_items.end_items(db, [item for each in ends for item in each.ended])
        mark_repositories(db, connection, region, [each.reading.repository for each in ends])
        lasting |= {id(each) for each in ends}
    return [id(each) in lasting for each in verified]

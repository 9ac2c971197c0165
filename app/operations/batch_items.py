"""Runs the items of a batch side by side, each an operation with its own record, steps and end.

A repository takes three calls to AWS while nothing goes wrong, however many services get it: read the policy, write it,
read it back. Its items are run together by whoever runs the first of them. An item that was at work when its process
died is run again, which changes nothing that is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from app.errors import Problem
from app.history import batches, store
from app.history.batches import Item
from app.history.models import Operation
from app.history.turns import BehindAnother
from app.inventory.circumstances import RepositoryAddress, known_repositories
from app.inventory.registries import KnownRegistry
from app.operations import grant, restore, revoke
from app.operations.context import Context
from app.operations.item_changes import BatchRole, Surroundings
from app.operations.repository_run import Together, run_together
from app.operations.state import GIVES_ACCESS, Kind, Outcome, StepName, StepState
from app.operations.step import LOOK_ELSEWHERE, NEXT_LOOK, CancelledHere, Result, Stepping, run_step
from app.operations.workflow import done, run_recorded

# Items at work at once. The AWS pool limits their calls; more would only wait there.
AT_ONCE = 24
PAGE = 4 * AT_ONCE


@dataclass(frozen=True)
class _Work:
    """The items on one repository, and what is known of it and its registry."""

    items: tuple[Item, ...]
    known: RepositoryAddress
    registry: KnownRegistry


@dataclass
class ItemRun:
    """One run of all items of a batch's service that have not ended."""

    step: Stepping
    role: BatchRole
    _roles: dict[str, BatchRole] = field(default_factory=dict)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _has_stopped: bool = False

    async def run(self) -> None:
        """Return once no item lives any more."""
        self._roles = await self._find_roles()
        # ECR may not know a new principal for a while: one repository waits for that, and the others need not.
        is_first = any(role.is_new for role in self._roles.values())
        slots = asyncio.Semaphore(1 if is_first else AT_ONCE)
        async with asyncio.TaskGroup() as group:
            while True:
                seen = self.step.context.running.changes
                await self._stop_rest_if_cancelled()
                page = await self._runnable()
                if not page and not self._tasks and not await self._count_live():
                    return
                if not page:
                    await self._wait(seen)
                for work in page:
                    async with slots:
                        pass
                    if self.step.cancelled.is_set() and not work.items[0].has_begun:
                        continue  # one that has begun stops by itself, at a safe point
                    self._begin(group, slots, work)
                    if is_first:
                        is_first = False
                        await asyncio.wait(self._tasks.values())
                        for _ in range(AT_ONCE - 1):
                            slots.release()

    def _begin(self, group: asyncio.TaskGroup, slots: asyncio.Semaphore, work: _Work) -> None:
        leader = work.items[0].id
        task = self._tasks[leader] = group.create_task(self._run(slots, work))
        task.add_done_callback(lambda _: self._tasks.pop(leader))

    async def _run(self, slots: asyncio.Semaphore, work: _Work) -> None:
        context = self.step.context
        roles = {item.id: self._roles[item.service] for item in work.items}
        leader, left = work.items[0], frozenset(roles)
        if not leader.has_begun:
            around = Surroundings(work.known, work.registry, context.clock.now())
            try:
                async with slots:
                    left = await run_together(context, Together(leader.id, roles), around)
            except BehindAnother:
                return  # it is looked again whether its turn has come
        for item in _by_themselves(self.step.operation, work.items):
            if item.id in left:
                await run_recorded(partial(_run_item, item, roles[item.id]), item.id, slot=slots, is_item=True)

    async def _find_roles(self) -> dict[str, BatchRole]:
        """Record this service's role, and return the roles of all services of the batch in this Region.

        Those of other services are waited for, so that one write serves all of a repository: until they are known, or
        their part of the batch has ended, or for as long as a role may take.
        """
        context, mine = self.step.context, self.step.operation
        deadline = context.clock.monotonic() + context.role_wait_seconds
        has_recorded = False
        while True:
            seen = context.running.changes
            runners = await context.in_db(batches.runners_of, mine.batch_id or mine.id)
            others = [other for other in runners if other.region == mine.region and other.id != mine.id]
            if others and not has_recorded:
                await context.in_db(store.input_noted, mine.id, role=self.role.to_json())
                context.running.note_change()
                has_recorded = True
            roles = {other.service: role for other in others if (role := BatchRole.of(other)) is not None}
            awaited = [other for other in others if other.service not in roles and other.outcome is None]
            if not awaited or self.step.cancelled.is_set() or context.clock.monotonic() > deadline:
                return {**roles, mine.service: self.role}
            await context.running.wait_for_change(seen, NEXT_LOOK, LOOK_ELSEWHERE)

    async def _runnable(self) -> tuple[_Work, ...]:
        context, runner = self.step.context, self.step.operation
        running = tuple(self._tasks)
        leaders = await context.in_db(batches.runnable, runner, running, PAGE)
        if not leaders:
            return ()
        items: dict[str, tuple[Item, ...]] = {leader.repository: (leader,) for leader in leaders}
        if len(self._roles) > 1:
            items |= await context.in_db(batches.led_by, runner, leaders, tuple(self._roles))
        registry, addresses = await context.in_db(known_repositories, runner.connection, runner.region, tuple(items))
        return tuple(
            _Work(items[leader.repository], addresses.get(leader.repository, RepositoryAddress()), registry)
            for leader in leaders
            if items[leader.repository][:1] == (leader,)  # else it has begun or ended meanwhile
        )

    async def _count_live(self) -> int:
        return await self.step.context.in_db(batches.count_live, self.step.operation)

    async def _wait(self, seen: int) -> None:
        """Wait until an item has ended, it is time to look whether the turn of others has come, or a stop is requested."""
        waiting = self.step.context.running.wait_for_change(seen, NEXT_LOOK, LOOK_ELSEWHERE)
        ours: list[asyncio.Future[Any]] = [asyncio.ensure_future(waiting)]
        if not self._has_stopped:
            ours.append(asyncio.ensure_future(self.step.cancelled.wait()))
        try:
            await asyncio.wait({*ours, *self._tasks.values()}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in ours:
                each.cancel()

    async def _stop_rest_if_cancelled(self) -> None:
        """End the items that have not begun, and ask those at work to stop, once the batch is cancelled."""
        if self._has_stopped or not self.step.cancelled.is_set():
            return
        self._has_stopped = True
        context = self.step.context
        # As it is now: the cancellation was requested after this step began.
        runner = await context.in_db(batches.get_runner, self.step.operation.id)
        by = runner.cancel_requested_by or ""
        at_work = await context.in_db(batches.cancel_items, runner, by, context.clock.now())
        context.running.note_change()
        for item_id in at_work:
            context.cancels.notice(item_id)


def _by_themselves(runner: Operation, items: Sequence[Item]) -> Iterable[Item]:
    """Return the items on one repository in the order in which they run, each by its own steps.

    What gives access in the order of the preview, since the policy may have room for some of them only. Else backwards:
    what a deletion took away of others' changes is put back first, by the item that deleted.
    """
    return items if runner.input["action"] in GIVES_ACCESS else reversed(items)


async def settle(context: Context, runner: Operation, problem: Mapping[str, Any] | None) -> None:
    """End the items that were at work when their process died, as their runner ends before it has run them again.

    Each looks whether AWS has carried out what was sent for it. `problem`: that of the runner, None where it was
    cancelled.
    """
    items = await context.in_db(batches.begun, runner)
    async with asyncio.TaskGroup() as group:
        for item in items:
            group.create_task(run_recorded(partial(_stop, problem), item.id, is_item=True))


async def _stop(problem: Mapping[str, Any] | None, operation_id: str) -> Outcome:
    async def body(_step: Stepping) -> tuple[StepState, Result]:
        raise CancelledHere if problem is None else Problem.from_json(problem)

    done(await run_step(operation_id, StepName.UPDATE_POLICY, body))
    raise AssertionError("the step is never done")


async def _run_item(item: Item, role: BatchRole, operation_id: str) -> Outcome:
    wrote = await CHANGES[Kind(item.kind)](operation_id, role)
    return Outcome.SUCCEEDED if wrote else Outcome.NOTHING_TO_DO


async def _give(operation_id: str, role: BatchRole) -> bool:
    return await grant.merge_role(operation_id, role.arn, role.general_arn)


async def _take(operation_id: str, role: BatchRole) -> bool:
    return await revoke.take_out(operation_id, {"arn": role.arn, "general_arn": role.general_arn})


async def _undo(operation_id: str, role: BatchRole) -> bool:  # noqa: ARG001  (an undo is about no role)
    return await restore.rewrite(operation_id) is Outcome.SUCCEEDED


CHANGES: dict[Kind, Callable[[str, BatchRole], Awaitable[bool]]] = {
    Kind.GRANT: _give,
    Kind.REPAIR: _give,
    Kind.REVOKE: _take,
    Kind.UNDO: _undo,
}

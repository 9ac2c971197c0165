"""Runs the items of a batch side by side, each an operation with its own record, steps and end.

An item makes at most three calls to AWS while nothing goes wrong: read the policy, write it, read it back. An item that
was at work when its process died is run again, which changes nothing that is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from app.history import batches
from app.history.batches import Item
from app.inventory.circumstances import KnownRepository, known_repositories
from app.inventory.registries import KnownRegistry
from app.operations import grant, restore, revoke
from app.operations.item_changes import Role, Surroundings
from app.operations.repository_run import Together, run_together
from app.operations.state import Kind, Outcome
from app.operations.step import NEXT_LOOK, Stepping
from app.operations.workflow import run_recorded

# Items at work at once. The AWS pool limits their calls; more would only wait there.
AT_ONCE = 12
PAGE = 4 * AT_ONCE


@dataclass
class ItemRun:
    """One run of all items of a batch's service that have not ended."""

    step: Stepping
    role: Role
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _has_stopped: bool = False

    async def run(self) -> None:
        """Return once no item lives any more."""
        # ECR may not know a new principal for a while: one item waits for that, and the others need not.
        slots = asyncio.Semaphore(1 if self.role.is_new else AT_ONCE)
        is_first = self.role.is_new
        async with asyncio.TaskGroup() as group:
            while True:
                await self._stop_rest_if_cancelled()
                page = await self._runnable()
                registry, known = await self._known(page)
                if not page and not self._tasks and not await self._count_live():
                    return
                if not page:
                    await self._wait()
                for item in page:
                    async with slots:
                        pass
                    if self.step.cancelled.is_set():
                        break
                    around = Surroundings(
                        known.get(item.repository, KnownRepository()), registry, self.step.context.clock.now()
                    )
                    self._begin(group, slots, item, around)
                    if is_first:
                        is_first = False
                        await asyncio.wait(self._tasks.values())
                        for _ in range(AT_ONCE - 1):
                            slots.release()

    def _begin(self, group: asyncio.TaskGroup, slots: asyncio.Semaphore, item: Item, around: Surroundings) -> None:
        task = self._tasks[item.id] = group.create_task(self._run(slots, item, around))
        task.add_done_callback(lambda _: self._tasks.pop(item.id))

    async def _run(self, slots: asyncio.Semaphore, item: Item, around: Surroundings) -> None:
        async with slots:
            if await run_together(self.step.context, Together(item.id, {item.id: self.role}), around):
                return
        await run_recorded(partial(_run_item, item, self.role), item.id, slot=slots, is_item=True)

    async def _known(self, page: Sequence[Item]) -> tuple[KnownRegistry, dict[str, KnownRepository]]:
        context, runner = self.step.context, self.step.operation
        names = [item.repository for item in page]
        return await context.in_db(known_repositories, context.db, runner.connection, runner.region, names)

    async def _runnable(self) -> tuple[Item, ...]:
        context = self.step.context
        return await context.in_db(batches.runnable, context.db, self.step.operation, tuple(self._tasks), PAGE)

    async def _count_live(self) -> int:
        return await self.step.context.in_db(batches.count_live, self.step.context.db, self.step.operation)

    async def _wait(self) -> None:
        """Wait until an item has ended, or it is time to look whether the turn of others has come."""
        looking = asyncio.ensure_future(self.step.context.clock.sleep(NEXT_LOOK))
        await asyncio.wait({looking, *self._tasks.values()}, return_when=asyncio.FIRST_COMPLETED)
        looking.cancel()

    async def _stop_rest_if_cancelled(self) -> None:
        """End the items that have not begun, and ask those at work to stop, once the batch is cancelled."""
        if self._has_stopped or not self.step.cancelled.is_set():
            return
        self._has_stopped = True
        context = self.step.context
        # As it is now: the cancellation was requested after this step began.
        runner = await context.in_db(batches.get_runner, context.db, self.step.operation.id)
        by = runner.cancel_requested_by or ""
        await context.in_db(
            batches.end_items, context.db, runner, Outcome.CANCELLED, None, context.clock.now(), by or None
        )
        for item_id in await context.in_db(batches.request_cancel_of_items, context.db, runner, by):
            context.cancels.notice(item_id)


async def _run_item(item: Item, role: Role, operation_id: str) -> Outcome:
    wrote = await CHANGES[Kind(item.kind)](operation_id, role)
    return Outcome.SUCCEEDED if wrote else Outcome.NOTHING_TO_DO


async def _give(operation_id: str, role: Role) -> bool:
    return await grant.merge_role(operation_id, role.arn, role.general_arn)


async def _take(operation_id: str, role: Role) -> bool:
    return await revoke.take_out(operation_id, {"arn": role.arn, "general_arn": role.general_arn})


async def _undo(operation_id: str, role: Role) -> bool:  # noqa: ARG001  (an undo is about no role)
    return await restore.rewrite(operation_id) is Outcome.SUCCEEDED


CHANGES: dict[Kind, Callable[[str, Role], Awaitable[bool]]] = {
    Kind.GRANT: _give,
    Kind.REPAIR: _give,
    Kind.REVOKE: _take,
    Kind.UNDO: _undo,
}

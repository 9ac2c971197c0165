"""What a batch costs that waits for others on its repositories: counted questions to the database, and how soon it goes on."""

from __future__ import annotations

import asyncio
from collections import Counter
from types import SimpleNamespace

import pytest

from app.history import batches
from app.operations.batch_items import ItemRun
from app.operations.item_changes import BatchRole
from app.operations.local_tasks import Running
from tests.fake_clock import FakeClock

SECONDS = 60


class Waiting:
    """A batch of which one item waits for another operation; no database, its questions are counted."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.running = Running(self.clock)
        self.asked: Counter[str] = Counter()
        self.live = 1
        self.db = None
        self.role_wait_seconds = 300
        runner = SimpleNamespace(
            id="runner", batch_id="", region="us-east-1", service="web", cancel_requested_by="mika"
        )
        self.step = SimpleNamespace(context=self, operation=runner, cancelled=asyncio.Event())
        self.cancels = SimpleNamespace(notice=lambda _: None)

    async def in_db(self, call, *_):
        self.asked[call.__name__] += 1
        answers = {"runners_of": [], "runnable": (), "count_live": self.live, "get_runner": self.step.operation}
        if call is batches.cancel_items:
            self.live = 0
        return answers.get(call.__name__, ())

    async def wait(self) -> float:
        """Run the batch to its end; when that was, in seconds."""
        await ItemRun(self.step, BatchRole()).run()
        return self.clock.monotonic()


@pytest.fixture
async def waiting() -> Waiting:
    return Waiting()


async def test_a_batch_that_waits_asks_once_a_second(waiting):
    async def end_elsewhere() -> None:
        await waiting.clock.sleep(SECONDS)
        waiting.live = 0

    _, ended = await asyncio.gather(end_elsewhere(), waiting.wait())
    assert waiting.asked["runnable"] <= SECONDS + 2
    assert waiting.asked.total() <= 2 * SECONDS + 6
    assert ended <= SECONDS + 1


async def test_an_end_in_this_process_is_seen_at_once(waiting):
    async def end_here() -> None:
        await waiting.clock.sleep(SECONDS + 0.5)
        waiting.live = 0
        waiting.running.note_change()

    _, ended = await asyncio.gather(end_here(), waiting.wait())
    assert ended == pytest.approx(SECONDS + 0.5, abs=0.01)


async def test_many_ends_at_once_are_asked_for_four_times_a_second(waiting):
    async def end_many() -> None:
        for _ in range(1_000):
            await waiting.clock.sleep(0.01)
            waiting.running.note_change()
        waiting.live = 0

    await asyncio.gather(end_many(), waiting.wait())
    assert waiting.asked["runnable"] <= 10 * 4 + 2


async def test_a_cancel_is_seen_at_once(waiting):
    async def cancel() -> None:
        await waiting.clock.sleep(SECONDS + 0.5)
        waiting.step.cancelled.set()

    _, ended = await asyncio.gather(cancel(), waiting.wait())
    assert ended <= SECONDS + 0.5 + 0.26

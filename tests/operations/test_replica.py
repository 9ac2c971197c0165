"""The life of one replica: what it begins with, what it does over and over, and how it ends."""

from __future__ import annotations

import asyncio
import logging

import pytest
from sqlalchemy.exc import OperationalError

from app.operations.lease import InstanceTakenError, Pace
from app.operations.local_tasks import Running
from app.operations.replica import Replica
from app.supervisor import Supervisor
from tests.fake_clock import FakeClock
from tests.operations.bench import AtOnce

AWAY = OperationalError("SELECT", {}, Exception("database is locked"))


class World:
    """What a replica works with; it notes in order what it is asked for."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.beats: list[float | None] = []
        self.taken = 0
        self.queue_turns = self.tables_are_free = True
        self.failing: dict[str, Exception] = {}
        self.clock = FakeClock(jumps=False)
        self.running = Running(self.clock)
        self.supervisor = Supervisor(self.clock)

    def do(self, what: str) -> None:
        self.did.append(what)
        if what in self.failing:
            raise self.failing.pop(what)

    # The lease, the engine and the recovery.

    def claim(self) -> None:
        self.do("claim")

    def announce(self, address: str) -> None:
        self.do(f"announce {address}")

    def beat(self) -> float | None:
        self.do("beat")
        return self.beats.pop(0) if self.beats else 20.0

    def give_up(self) -> None:
        self.do("give up")

    def take_over(self, _take) -> int:
        self.do("look")
        return self.taken

    async def launch(self) -> None:
        self.do("launch")

    async def close(self) -> None:
        self.do("close")

    def resume(self, ids) -> int:
        self.do(f"resume {sorted(ids)}")
        return len(ids)

    def put_right(self, at_work) -> None:
        self.do(f"put right {sorted(at_work)}")

    def queue_turns_within(self, within) -> bool:
        self.do(f"queue {within.total_seconds():g}")
        return self.queue_turns


class Recovery:
    def __init__(self, world: World) -> None:
        self.put_right, self.queue_turns = world.put_right, world.queue_turns_within


@pytest.fixture
def world():
    return World()


@pytest.fixture
def replica(world):
    made = Replica(
        None,
        world,
        world,
        world.running,
        Recovery(world),
        world.clock,
        Pace(),
        lambda: world.do("maintain"),
        lambda: world.tables_are_free,
        lambda: world.do("die"),
        world.supervisor,
    )
    made._threads = AtOnce()
    return made


async def turn(world: World, seconds: float = 0.0) -> list[str]:
    """Let time pass, and return what was done since."""
    world.did.clear()
    world.clock.advance(seconds)
    for _ in range(50):
        await asyncio.sleep(0)
    return sorted(world.did)


async def test_it_claims_its_name_before_it_begins_and_once(world, replica):
    await replica.start()
    assert world.did[:3] == ["claim", "beat", "launch"]
    await replica.stop()


async def test_what_was_claimed_before_is_not_claimed_again(world, replica):
    replica.claim()
    replica.announce("http://127.0.0.1:8000")
    await replica.start()
    assert world.did[:4] == ["claim", "announce http://127.0.0.1:8000", "beat", "launch"]
    await replica.stop()


async def test_what_was_claimed_and_given_up_is_claimed_again(world, replica):
    replica.claim()
    replica.disclaim()
    await replica.start()
    assert world.did[:4] == ["claim", "give up", "claim", "beat"]
    await replica.stop()


async def test_what_it_does_over_and_over(world, replica):
    await replica.start()
    assert await turn(world) == ["maintain", "put right []"]
    assert await turn(world, 1.0) == ["look"]
    await turn(world, 3.0)
    assert "beat" in await turn(world, 1.0)
    assert "queue 30" in await turn(world, 5.0)
    assert "put right []" in await turn(world, 5.0)
    assert "maintain" not in await turn(world, 1_000.0)
    assert "maintain" in await turn(world, 3_600.0)
    await replica.stop()


async def test_locked_tables_make_it_not_ready_within_ten_seconds_and_for_as_long(world, replica):
    await replica.start()
    world.tables_are_free = False
    for _ in range(5):
        await turn(world, 2.5)
    assert [part.name for part in world.supervisor.stuck()] == ["tables"]
    world.tables_are_free = True
    await turn(world, 2.5)
    assert world.supervisor.stuck() == ()
    await replica.stop()


async def test_its_parts_count_as_stuck_once_they_miss_several_turns(world, replica):
    await replica.start()
    parts = {part.name: (part.limit, part.needed) for part in world.supervisor.parts}
    assert parts == {
        "lease": (10.0, True),
        "tables": (10.0, True),
        "takeover": (30.0, False),
        "recovery": (60.0, False),
        "maintenance": (7_200.0, False),
        "queue": (45.0, True),
    }
    await replica.stop()


async def test_it_stops_in_order(world, replica):
    await replica.start()
    await turn(world)
    world.did.clear()
    await replica.stop()
    assert world.did == ["close", "give up"]


async def test_a_stop_lets_a_write_on_its_way_be_recorded_first(world, replica):
    await replica.start()
    await turn(world)
    with world.running.writing("one"):
        stopping = asyncio.create_task(replica.stop())
        await turn(world)
        assert world.did == []
    await stopping
    assert world.did == ["close", "give up"]


async def test_a_name_that_cannot_be_given_up_is_told(world, replica, caplog):
    await replica.start()
    world.failing["give up"] = AWAY
    await replica.stop()
    assert "silent for a while" in caplog.text


async def test_steps_begin_for_as_long_as_the_last_sign_of_life_counts(world, replica):
    await replica.start()
    await asyncio.wait_for(world.running.admit(), 1)
    world.clock.advance(19.9)
    await asyncio.wait_for(world.running.admit(), 1)
    assert world.running._until == 20.0
    await replica.stop()


async def test_one_that_was_believed_dead_drops_its_work_and_begins_anew(world, replica, caplog):
    await replica.start()

    async def work() -> None:
        with world.running.working("one"):
            await asyncio.Event().wait()

    working = asyncio.create_task(work())
    world.beats = [None]
    await turn(world)
    with caplog.at_level(logging.WARNING):
        did = await turn(world, 5.0)
    assert working.cancelled()
    assert {"claim", "resume ['one']"} <= set(did)
    assert world.did.index("claim") < world.did.index("resume ['one']")
    assert did.count("beat") == 2
    assert "believed dead" in caplog.text
    await replica.stop()


async def test_one_whose_name_is_taken_ends(world, replica, caplog):
    await replica.start()
    await turn(world)
    world.beats = [None]
    world.failing["claim"] = InstanceTakenError("The instance one is alive already.")
    did = await turn(world, 5.0)
    assert "die" in did
    assert not any(each.startswith("resume") for each in did)
    assert "The instance one is alive already. This one stops." in caplog.text
    await replica.stop()


async def test_what_it_took_over_is_told(world, replica, caplog):
    await replica.start()
    await turn(world)
    await turn(world, 1.0)
    assert "took over" not in caplog.text
    world.taken = 3
    with caplog.at_level(logging.WARNING):
        await turn(world, 1.0)
    assert "took over 3 operations" in caplog.text
    await replica.stop()


@pytest.mark.parametrize("part, seconds", [("lease", 5.0), ("recovery", 15.0), ("queue", 10.0)])
async def test_an_outage_of_the_database_is_waited_out(world, replica, part, seconds):
    await replica.start()
    await turn(world)
    world.failing = {"beat": AWAY, "put right []": AWAY, "queue 30": AWAY}
    (shown,) = [each for each in world.supervisor.parts if each.name == part]
    before = shown.turned_at
    await turn(world, seconds)
    assert (shown.turned_at, shown.restarts, shown.failed) == (before, 0, "")
    await turn(world, seconds)
    assert shown.turned_at > before
    await replica.stop()


@pytest.mark.parametrize("seconds, ends", [(170.0, False), (190.0, True)])
async def test_a_queue_that_never_moves_ends_the_process(world, replica, seconds, ends):
    world.queue_turns = False
    await replica.start()
    await turn(world)
    did = []
    while world.clock.monotonic() < seconds:
        did += await turn(world, 5.0)
    assert ("die" in did) is ends
    await replica.stop()


async def test_a_queue_that_does_not_move_while_the_lease_fails_ends_nothing(world, replica):
    """The database is away: a new process would find it away too."""
    world.queue_turns = False
    await replica.start()
    await turn(world)
    did = []
    while world.clock.monotonic() < 300:
        world.failing["beat"] = AWAY
        did += await turn(world, 5.0)
    assert "die" not in did
    await replica.stop()

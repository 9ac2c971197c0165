"""The shared poller: patient, cheap, not misled by one stale answer, never longer than the deadline."""

from __future__ import annotations

import asyncio
import math
from datetime import timedelta

import pytest

from app.aws.ports import Answered, Role
from app.aws.role_poller import LONGEST, PATIENT, ROLE_OFF, ROLE_READY, SERVICE_SETTLED, RolePoller, interval
from app.errors import Problem
from app.messages.problems import what_happened, what_to_do
from tests.build import REGION, a_service, an_active_role
from tests.fake_clock import FakeClock

READY = a_service("shop", role=an_active_role("shop"))
UPDATING = a_service("shop", state="UPDATING", role=Role(is_active=True))
OFF = a_service("shop")


class Sky:
    """What AWS would list from each second on; counts the looks."""

    def __init__(self, clock: FakeClock, story: dict) -> None:
        self.clock = clock
        self.story = story
        self.looks: list[float] = []
        self.looking = asyncio.Event()

    async def __call__(self, region: str):
        self.looks.append(self.clock.monotonic())
        self.looking.set()
        for _ in range(5):  # a look takes a while: others run meanwhile
            await asyncio.sleep(0)
        now = max(second for second in self.story if second <= self.clock.monotonic())
        if isinstance(self.story[now], Exception):
            raise self.story[now]
        return Answered(tuple(self.story[now]), "r-1")


class Waiting:
    """A poller over a story, and how one waits with it."""

    def __init__(self, story: dict) -> None:
        self.clock = FakeClock()
        self.sky = Sky(self.clock, story)
        self.poller = RolePoller(self.sky, self.clock)
        self.notes: list[tuple[str, float]] = []

    def wait(self, service: str = "shop", *, seconds: float = 900, goal=ROLE_READY, **more):
        minutes = int(seconds / 60)
        return self.poller.wait(REGION, service, seconds, goal, minutes=minutes, on_note=self.note, **more)

    def note(self, problem: Problem | None, seconds: float) -> None:
        self.notes.append((problem.code if problem else "well again", seconds))

    async def problem(self, *args, **kwargs) -> Problem:
        with pytest.raises(Problem) as raised:
            await self.wait(*args, **kwargs)
        assert what_happened(raised.value)
        assert what_to_do(raised.value)
        return raised.value


async def test_a_wait_ends_with_the_service_as_it_is_then():
    waiting = Waiting({0: [UPDATING], 6: [READY]})
    assert await waiting.wait() == READY
    assert 6 <= waiting.clock.monotonic() < 6.7
    assert waiting.poller.waiting == 0


async def test_looks_end_with_the_last_wait():
    waiting = Waiting({0: [READY]})
    await waiting.wait()
    await waiting.clock.sleep(3_600)
    assert len(waiting.sky.looks) == 1


@pytest.mark.parametrize("waited", [0.5, 6, 30, 49, 60, 299])
def test_a_wait_costs_a_tenth_more_than_aws_takes(waited):
    assert interval(waited) <= max(0.25, waited / 10)
    assert interval(waited) <= LONGEST < PATIENT == interval(301)


async def test_five_thousand_wait_for_one_look_at_a_time():
    story = {0: [a_service(f"shop-{number}", state="UPDATING") for number in range(100)]}
    story[40] = [a_service(f"shop-{number}", role=an_active_role(f"shop-{number}")) for number in range(100)]
    many, one = Waiting(story), Waiting(story)
    found = await asyncio.gather(*(many.wait(f"shop-{number % 100}") for number in range(5_000)))
    await one.wait("shop-0")
    assert [service.name for service in found[:2]] == ["shop-0", "shop-1"]
    assert many.sky.looks == one.sky.looks


async def test_who_begins_to_wait_makes_it_quick_again():
    waiting = Waiting({0: [UPDATING], 500: [READY, a_service("blog", role=an_active_role("blog"))]})
    old = asyncio.ensure_future(waiting.wait())
    await waiting.clock.sleep(501)
    assert (await waiting.wait("blog")).name == "blog"
    assert waiting.clock.monotonic() < 501.6
    assert await old == READY


async def test_a_stream_of_newcomers_neither_floods_nor_starves():
    waiting = Waiting({0: [UPDATING], 10: [READY]})
    waits = []
    for _ in range(120):
        waits.append(asyncio.ensure_future(waiting.wait()))
        await waiting.clock.sleep(0.1)
    await asyncio.gather(*waits)
    gaps = [after - before for before, after in zip(waiting.sky.looks, waiting.sky.looks[1:], strict=False)]
    assert min(gaps) >= 0.249
    assert max(gaps) <= 0.5


async def test_deadlines_close_together_do_not_flood_either():
    waiting = Waiting({0: [UPDATING]})
    await asyncio.gather(*(waiting.problem(seconds=60 + number / 50) for number in range(50)))
    assert len([second for second in waiting.sky.looks if second >= 60]) <= 6


async def test_a_look_under_way_is_not_for_who_comes_during_it():
    waiting = Waiting({0: [READY]})
    first = asyncio.ensure_future(waiting.wait())
    await waiting.sky.looking.wait()
    second = asyncio.ensure_future(waiting.wait())
    await asyncio.gather(first, second)
    assert len(waiting.sky.looks) == 2


async def test_a_role_that_never_appears_ends_at_the_deadline():
    waiting = Waiting({0: [UPDATING]})
    problem = await waiting.problem(seconds=900)
    assert (problem.code, problem.params["minutes"]) == ("role.never_appeared", 15)
    assert waiting.sky.looks[-1] == pytest.approx(900, abs=0.3)


async def test_a_deadline_that_passed_while_we_were_down_still_gets_one_look():
    assert await Waiting({0: [READY]}).wait(seconds=-60) == READY
    assert (await Waiting({0: [UPDATING]}).problem(seconds=-60)).code == "role.never_appeared"


async def test_a_service_that_is_gone_ends_the_wait():
    assert (await Waiting({0: [UPDATING], 3: []}).problem()).code == "service.not_found"


async def test_one_list_without_the_service_does_not():
    assert await Waiting({0: [UPDATING], 3: [], 4: [UPDATING], 6: [], 7: [READY]}).wait() == READY


async def test_a_role_that_somebody_switched_off_ends_the_wait():
    waiting = Waiting({0: [UPDATING], 3: [OFF]})
    assert (await waiting.problem()).code == "role.switched_off"
    assert waiting.clock.monotonic() < 12


async def test_a_stale_answer_from_before_the_activation_does_not():
    assert await Waiting({0: [OFF], 2: [UPDATING], 3: [OFF], 5: [UPDATING], 7: [READY]}).wait() == READY


async def test_an_activation_that_was_undone_before_the_first_look_ends_the_wait():
    waiting = Waiting({0: [OFF]})
    assert (await waiting.problem()).code == "role.switched_off"
    assert 30 < waiting.clock.monotonic() < 60


async def test_failures_that_pass_are_told_and_outlived():
    throttled = Problem("aws.throttled", retryable=True, action="lightsail:GetContainerServices")
    waiting = Waiting({0: [UPDATING], 2: throttled, 9: [UPDATING], 12: [READY]})
    assert await waiting.wait() == READY
    assert waiting.notes == [("aws.throttled", 1), ("aws.throttled", 2), ("aws.throttled", 4), ("well again", 0)]


async def test_failing_looks_become_rare():
    waiting = Waiting({0: Problem("aws.unreachable", retryable=True, endpoint="lightsail"), 890: [READY]})
    assert await waiting.wait() == READY
    assert max(seconds for _, seconds in waiting.notes) == 30
    assert len(waiting.notes) < 45


async def test_at_the_deadline_a_failure_is_the_reason_given():
    waiting = Waiting({0: [UPDATING], 100: Problem("aws.unreachable", retryable=True, endpoint="lightsail")})
    assert (await waiting.problem()).code == "aws.unreachable"


DENIED = Problem("aws.access_denied", action="lightsail:GetContainerServices", resource="*")
EXPIRED = Problem("aws.expired_token", action="lightsail:GetContainerServices")


async def test_a_failure_that_lasts_ends_the_wait_of_all():
    waiting = Waiting({0: [UPDATING], 5: DENIED})
    problems = await asyncio.gather(waiting.problem(), waiting.problem())
    assert [problem.code for problem in problems] == ["aws.access_denied"] * 2
    assert problems[0] is not problems[1]
    assert 65 <= waiting.clock.monotonic() < 100
    assert len(waiting.sky.looks) < 30


@pytest.mark.parametrize("problem", [DENIED, EXPIRED])
async def test_one_bad_answer_ends_no_wait_and_is_told(problem):
    waiting = Waiting({0: [UPDATING], 5: problem, 6: [UPDATING], 12: [READY]})
    assert await asyncio.gather(waiting.wait(), waiting.wait()) == [READY, READY]
    assert {code for code, _ in waiting.notes} == {problem.code, "well again"}


async def test_credentials_that_are_renewed_within_a_minute_end_no_wait():
    assert await Waiting({0: [UPDATING], 5: EXPIRED, 50: [READY]}).wait() == READY


async def test_failures_of_many_kinds_last_only_where_none_of_them_passes():
    story = {0: [UPDATING], **{5 + 40 * number: EXPIRED for number in range(5)}}
    story |= {25 + 40 * number: Problem("aws.slow", retryable=True) for number in range(5)}
    assert await Waiting({**story, 210: [READY]}).wait() == READY


async def test_a_wait_can_be_cancelled_between_looks():
    waiting, asked = Waiting({0: [UPDATING]}), asyncio.Event()
    wait = asyncio.ensure_future(waiting.wait(cancelled=asked))
    await waiting.clock.sleep(400)
    asked.set()
    assert await wait is None
    assert waiting.clock.monotonic() == 400


async def test_cancelling_one_leaves_the_others():
    waiting, asked = Waiting({0: [UPDATING], 60: [READY]}), asyncio.Event()
    asked.set()
    assert await asyncio.gather(waiting.wait(cancelled=asked), waiting.wait()) == [None, READY]


async def test_a_fault_of_ours_in_one_look_ends_nobodys_wait(caplog):
    waiting = Waiting({0: KeyError("bug"), 20: [READY]})
    assert await asyncio.gather(waiting.wait(), waiting.wait()) == [READY, READY]
    assert len(caplog.records) == 1  # of many looks


async def test_a_fault_of_ours_that_stays_leaves_nobody_waiting():
    waiting = Waiting({0: KeyError("bug")})
    assert (await waiting.problem()).code == "internal"
    assert waiting.clock.monotonic() < 120


async def test_a_look_that_hangs_is_begun_again():
    waiting, hung = Waiting({0: [READY]}), asyncio.Event()

    async def hangs_once(region):
        if not hung.is_set():
            hung.set()
            await asyncio.Event().wait()
        return await waiting.sky(region)

    poller = RolePoller(hangs_once, waiting.clock)
    wait = asyncio.ensure_future(poller.wait(REGION, "shop", 3_600))
    await hung.wait()
    poller.look_again(REGION)
    assert await wait == READY


async def test_each_look_says_when_the_next_is_due():
    waiting, turns = Waiting({0: [UPDATING], 2: [READY]}), []
    poller = RolePoller(waiting.sky, waiting.clock, lambda region, seconds: turns.append((region, seconds)))
    await poller.wait(REGION, "shop", 3_600)
    assert (turns[0], turns[-1]) == ((REGION, 0), (REGION, math.inf))
    assert len(turns) > 4


async def test_closing_ends_every_wait():
    waiting = Waiting({0: [UPDATING]})
    wait = asyncio.ensure_future(waiting.wait())
    await waiting.clock.sleep(5)
    waiting.poller.close()
    with pytest.raises(asyncio.CancelledError):
        await wait


async def test_a_role_is_off_once_the_service_has_settled():
    switching_off = a_service("shop", state="UPDATING")
    waiting = Waiting({0: [READY], 1: [switching_off], 20: [OFF]})
    assert await waiting.wait(goal=ROLE_OFF) == OFF


@pytest.mark.parametrize(
    "goal, code", [(ROLE_OFF, "role.never_off"), (SERVICE_SETTLED, "service.never_settled")]
)  # fmt: skip
def test_every_goal_has_its_own_end(goal, code):
    problem = asyncio.run(Waiting({0: [UPDATING]}).problem(goal=goal))
    assert problem.code == code
    assert problem.retryable


@pytest.mark.parametrize("hours", [-1, 1, 24])
async def test_a_clock_that_is_set_ends_no_wait_and_prolongs_none(hours):
    waiting = Waiting({0: [UPDATING]})
    moment = waiting.clock.now
    wait = asyncio.ensure_future(waiting.problem(seconds=300))
    await waiting.clock.sleep(10)
    waiting.clock.now = lambda: moment() + timedelta(hours=hours)
    assert (await wait).code == "role.never_appeared"
    assert 300 <= waiting.clock.monotonic() < 316


async def test_a_machine_that_slept_past_the_deadline_looks_before_it_gives_up():
    waiting = Waiting(
        {0: [UPDATING], 5_000: Problem("aws.unreachable", retryable=True, endpoint="lightsail"), 5_020: [READY]}
    )
    waiting.clock = waiting.sky.clock = FakeClock(jumps=False)
    waiting.poller = RolePoller(waiting.sky, waiting.clock)
    wait = asyncio.ensure_future(waiting.wait(seconds=300))
    await waiting.sky.looking.wait()
    for _ in range(50):
        await asyncio.sleep(0)
    waiting.clock.advance(5_000)
    for _ in range(200):
        for _ in range(20):
            await asyncio.sleep(0)
        waiting.clock.advance(1)
    assert await wait == READY

"""The frame of every operation: tries of one call, waits for the database, and how an operation ends."""

from __future__ import annotations

import logging
import sqlite3
import stat
from dataclasses import replace
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from app.aws.ports import Answered
from app.errors import Problem
from app.history import store
from app.messages import labels
from app.operations import context as contexts
from app.operations import engine, workflow
from app.operations.progress import Note
from app.operations.state import Outcome
from app.operations.step import CancelledHere, Stepping
from app.operations.workflow import Stopped, change_until_it_holds, done, is_done
from tests.build import REGION
from tests.fake_clock import FakeClock
from tests.operations.bench import AtOnce, Calls

AWAY = OperationalError("UPDATE", {}, Exception("disk I/O error"))


class Told:
    """A step's surroundings; it keeps the notes."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.calls = Calls()
        self.db = None
        self.notes: list[str] = []

    async def record(self, call, _run, note) -> None:
        assert call is store.step_noted
        self.notes.append(labels.note(Note(note["code"], note["params"])))


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def stepping(told):
    return Stepping(SimpleNamespace(region=REGION), None, told)


def failing(problem: Problem, times: int):
    """A call that fails so often before it answers, and how often it was made."""
    made: list[int] = []

    def call() -> Answered[str]:
        made.append(1)
        if len(made) <= times:
            raise Problem.from_json(problem.to_json())
        return Answered("done", f"request-{len(made)}")

    return call, made


@pytest.mark.parametrize(
    "code, aws_code, sentence",
    [
        ("aws.throttled", "ThrottlingException", "AWS answered ThrottlingException; trying again in 1 s."),
        ("aws.failed", "InternalFailure", "AWS answered InternalFailure; trying again in 1 s."),
        ("aws.region_setup", "", "AWS answered aws.region_setup; trying again in 1 s."),
        ("aws.unreachable", "", "AWS gave no answer; trying again in 1 s."),
        ("aws.slow", "", "AWS gave no answer; trying again in 1 s."),
        ("aws.call_lost", "", "AWS gave no answer; trying again in 1 s."),
        ("aws.bad_answer", "", "The answer from AWS was incomplete or damaged. Trying again in 1 s."),
        ("aws.not_aws", "", "The answer from AWS was incomplete or damaged. Trying again in 1 s."),
        ("aws.credentials_slow", "", "The source of the AWS credentials did not answer. Trying again in 1 s."),
        ("host.out_of_files", "", "The server is short of resources (host.out_of_files). Trying again in 1 s."),
        ("host.out_of_memory", "", "The server is short of resources (host.out_of_memory). Trying again in 1 s."),
        ("host.out_of_threads", "", "The server is short of resources (host.out_of_threads). Trying again in 1 s."),
        (
            "host.out_of_connections",
            "",
            "The server is short of resources (host.out_of_connections). Trying again in 1 s.",
        ),
    ],
)
async def test_what_may_pass_is_tried_again_and_told_in_its_words(told, stepping, code, aws_code, sentence):
    problem = Problem(code, retryable=True, aws_code=aws_code, request_id="refused")
    call, made = failing(problem, 1)
    assert await stepping.call(call) == "done"
    assert (told.notes, len(made), told.clock.monotonic()) == ([sentence], 2, 1.0)
    assert stepping.request_ids == ["refused", "request-2"]


@pytest.mark.parametrize(
    "problem",
    [Problem("aws.throttled"), Problem("service.busy", retryable=True), Problem("aws.access_denied")],
    ids=lambda problem: problem.code,
)
async def test_what_does_not_pass_by_itself_is_raised_at_once(told, stepping, problem):
    call, made = failing(problem, 1)
    with pytest.raises(Problem, match=problem.code):
        await stepping.call(call)
    assert (told.notes, len(made), stepping.request_ids) == ([], 1, [])


async def test_a_step_that_is_to_stop_tries_no_more(stepping):
    call, made = failing(Problem("aws.throttled", retryable=True), 9)
    stepping.cancelled.set()
    with pytest.raises(CancelledHere):
        await stepping.call(call)
    assert len(made) == 1


async def test_a_call_is_timed_when_it_is_made(told, stepping):
    await told.clock.sleep(7)
    await stepping.once(lambda: Answered(None, "r"))
    assert stepping.asked_at == 7


def test_what_was_learned_before_is_not_forgotten(stepping):
    stepping.learn(principal_arn="arn", image_uri="uri")
    stepping.learn(principal_arn="", image_uri="another")
    assert stepping.learned == {"principal_arn": "arn", "image_uri": "another"}


@pytest.fixture
def context():
    """A context with a clock and threads, and nothing else."""
    names = dict.fromkeys(contexts.Context.__dataclass_fields__)
    made = contexts.Context(**{**names, "clock": FakeClock(), "database_threads": AtOnce()})
    return replace(made, write_groups=None)


async def test_a_database_that_is_away_is_waited_for_with_growing_pauses(context):
    tries: list[float] = []

    def call(_db, number: int, *, by: str) -> str:
        tries.append(context.clock.monotonic())
        if len(tries) < 9:
            raise AWAY
        return f"{number} {by}"

    assert await context.in_db(call, 7, by="mika") == "7 mika"
    assert tries == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 30.5, 45.5, 60.5]


@pytest.mark.parametrize("run", ["in_db", "record"])
async def test_what_the_database_refuses_is_not_tried_again(context, run):
    tries: list[int] = []

    def call(_db) -> None:
        tries.append(1)
        raise IntegrityError("INSERT", {}, Exception("UNIQUE constraint failed"))

    with pytest.raises(IntegrityError):
        await getattr(context, run)(call)
    assert len(tries) == 1


async def test_without_groups_each_thing_is_recorded_by_itself(context):
    assert await context.record_among(lambda _db, things: [thing * 2 for thing in things], 21) == 42
    assert await context.record(lambda _db: "done") == "done"
    assert await context.in_thread(lambda a, b: a - b, 5, b=3) == 2


def test_operations_need_their_context(monkeypatch):
    monkeypatch.setattr(contexts, "_installed", [])
    with pytest.raises(RuntimeError, match="context is installed"):
        contexts.current()


@pytest.mark.parametrize("state", ["succeeded", "skipped", "pending"])
def test_a_step_that_was_done_hands_on_its_result(state):
    assert done({"state": state, "found": 1}) == {"state": state, "found": 1}


@pytest.mark.parametrize(
    "result, outcome, problem",
    [
        ({"state": "failed", "problem": {"code": "x"}}, Outcome.FAILED, {"code": "x"}),
        ({"state": "cancelled"}, Outcome.CANCELLED, None),
        ({"state": "interrupted"}, Outcome.CANCELLED, None),
    ],
)
def test_a_step_that_was_not_done_ends_the_operation(result, outcome, problem):
    with pytest.raises(Stopped) as raised:
        done(result)
    assert (raised.value.outcome, raised.value.problem) == (outcome, problem)


def written(*rounds: bool):
    """A change that writes or not, in each round."""
    left = list(rounds)

    async def change():
        return {"state": "succeeded", "wrote": left.pop(0)}

    return change


@pytest.mark.parametrize(
    "writes, holds, wrote",
    [
        ([True], [True], True),
        ([False], [True], False),
        ([True, False], [False, True], True),
        ([False, True], [False, True], True),
    ],
)
async def test_a_policy_is_changed_until_it_holds(writes, holds, wrote):
    left = list(holds)

    async def verify(changed, _is_last):
        return {"state": "succeeded", "holds": left.pop(0)}

    assert await change_until_it_holds(written(*writes), verify) is wrote
    assert left == []


async def test_the_fifth_verification_is_told_that_it_is_the_last():
    told: list[bool] = []

    async def verify(_changed, is_last):
        told.append(is_last)
        return {"state": "pending", "holds": False}

    assert await change_until_it_holds(written(*[True] * 9), verify) is True
    assert told == [False, False, False, False, True]


async def test_what_breaks_ends_as_failed_with_a_reference_that_the_log_has_too(caplog):
    async def broken(_id: str) -> Outcome:
        raise KeyError("policy")

    outcome, problem = await workflow._outcome(broken, "one", is_item=False)
    assert (outcome, problem["code"], len(problem["params"]["reference"])) == (Outcome.FAILED, "internal", 12)
    assert f"operation one broke, reference {problem['params']['reference']}" in caplog.text


@pytest.mark.parametrize("is_item", [True, False])
async def test_a_checkpoint_that_cannot_be_kept_breaks_no_operation_but_ends_an_item(is_item):
    async def away(_id: str) -> Outcome:
        raise AWAY

    if is_item:  # it has no checkpoints
        assert (await workflow._outcome(away, "one", is_item=True))[0] is Outcome.FAILED
        return
    with pytest.raises(OperationalError):
        await workflow._outcome(away, "one", is_item=False)


async def test_what_is_done_together_may_break(caplog):
    async def attempt(result):
        if isinstance(result, Exception):
            raise result
        return result

    assert await is_done(attempt(True), "one") is True
    assert await is_done(attempt(False), "one") is False
    with caplog.at_level(logging.ERROR):
        assert await is_done(attempt(KeyError("x")), "one") is False
    assert "what operation one does with others broke" in caplog.text


def test_the_engines_file_survives_a_power_cut_and_is_its_owners_alone(tmp_path):
    file = tmp_path / "engine.db"
    connect = engine._config(f"sqlite:///{file}", "one")["db_engine_kwargs"]["connect_args"]["factory"]
    connection: sqlite3.Connection = connect(str(file))
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    connection.close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("url", ["sqlite:///engine.db", "postgresql+psycopg://host/name"])
def test_the_engine_logs_no_inputs_and_keeps_them_as_json(url):
    config = engine._config(url, "one")
    assert (config["executor_id"], config["system_database_url"]) == ("one", url)
    assert config["application_version"] == engine.VERSION
    assert config["db_engine_kwargs"]["hide_parameters"] is True
    assert ("creator" in config["db_engine_kwargs"]) is url.startswith("postgresql")
    kept = config["serializer"].serialize({"tag": "1.0"})
    assert isinstance(kept, str)
    assert config["serializer"].deserialize(kept) == {"tag": "1.0"}


@pytest.mark.parametrize(
    "status, instance, ended, is_mine",
    [
        ("PENDING", "me", False, True),
        ("PENDING", "another", False, False),
        ("ENQUEUED", "me", False, False),
        ("SUCCESS", "me", True, False),
        ("ERROR", "me", True, False),
        ("CANCELLED", "me", True, False),
        ("MAX_RECOVERY_ATTEMPTS_EXCEEDED", "me", True, False),
    ],
)
def test_what_the_engine_says_of_an_operation(status, instance, ended, is_mine):
    state = engine.WorkflowState(status, instance, engine.VERSION, "me")
    assert (state.ended, state.is_mine) == (ended, is_mine)


def test_an_engine_that_is_asked_for_nothing_looks_for_nothing(tmp_path):
    idle = engine.Engine("sqlite:///never.db", "one", None)
    assert (idle.find([]), idle.resume([]), idle.forget([])) == ({}, 0, None)
    with pytest.raises(ValueError, match="without a key"):
        idle.enqueue("one", None, "")

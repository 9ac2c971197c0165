"""A replica whose database goes silent and moves to another address, and one whose database restarts."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator

import pytest
from sqlalchemy.engine import make_url

from tests.console import STOPS_WITHIN, RunningConsole, start_console, until
from tests.postgres_server import empty_database
from tests.sandbox_server import start_sandbox
from tests.silence import Relay
from tests.slowness import slowness

pytestmark = [pytest.mark.crash, pytest.mark.postgres]
ON, OFF = "storefront-web", "payments-api"
RECOVERS_WITHIN = 30.0  # on a machine that has nothing else to do
TOLD_WITHIN = 12.0  # ten seconds, and the two that the database has to answer


@pytest.fixture
def relay(postgres_server) -> Iterator[Relay]:
    with (
        empty_database(postgres_server, migrated=True) as url,
        Relay(make_url(url).query["host"], make_url(url).database) as running,
    ):
        yield running


@pytest.fixture
def console(tmp_path, relay) -> Iterator[RunningConsole]:
    with contextlib.ExitStack() as stack:
        sandbox = stack.enter_context(start_sandbox())
        sandbox.options(activation_seconds=1_000_000)
        yield stack.enter_context(start_console(tmp_path, sandbox=sandbox, database_url=relay.url))


def grant(console: RunningConsole, service: str, repository: str) -> str:
    """Start an operation, tried again where a busy machine keeps AWS's answer from coming in time."""
    address = f"/api/v1/services/us-east-1/{service}/grants"
    return until(lambda: console.post(address, {"repository": repository}), lambda answer: answer.status == 202).json[
        "id"
    ]


def operation(console: RunningConsole, operation_id: str) -> dict:
    answer = console.get(f"/api/v1/operations/{operation_id}")
    return answer.json if answer.status == 200 else {}


def step(console: RunningConsole, operation_id: str, name: str) -> dict:
    return next((each for each in operation(console, operation_id).get("steps", ()) if each["name"] == name), {})


def warnings(console: RunningConsole) -> list[str]:
    lines = [line for line in console.log().splitlines() if " app.serving: " not in line]
    return [line for line in lines if "WARNING" in line or "ERROR" in line]


def test_a_database_that_falls_silent_and_answers_elsewhere_is_used_again_within_30_seconds(console, relay):
    waiting = grant(console, OFF, "payments/api")
    until(lambda: step(console, waiting, "wait_for_role").get("state"), lambda state: state == "running")
    recovers_within = RECOVERS_WITHIN * slowness(rounds=20)
    began = time.monotonic()
    relay.fall_silent()
    until(lambda: console.get("/readyz").status, lambda status: status == 503, TOLD_WITHIN)
    until(lambda: console.get("/readyz").status, lambda status: status == 200, recovers_within)
    done = grant(console, ON, "analytics/reports")
    until(lambda: operation(console, done).get("outcome"), bool, recovers_within)
    assert time.monotonic() - began < recovers_within
    assert operation(console, done)["outcome"] == "succeeded"
    console.sandbox.advance(1_000_000)
    until(lambda: operation(console, waiting).get("outcome"), lambda outcome: outcome == "succeeded")
    assert step(console, waiting, "wait_for_role")["attempts"] == 1
    parts = {"lease", "queue", "tables"}  # each of which may say once that it does not work, and that it works again
    lines = [line for line in warnings(console) if not any(f": {part} " in line for part in parts)]
    assert [re.sub(r"[\d.]+ s$", "", line.partition(": ")[2]) for line in lines] == [
        "the database cannot be used: PostgreSQL did not answer within ",
        "the database can be used again after ",
    ]
    assert len(warnings(console)) <= 2 + 2 * len(parts)
    assert "Traceback" not in console.log()


def test_a_database_that_restarts_is_two_lines_in_the_log_and_503_meanwhile(console, relay):
    waiting = grant(console, OFF, "payments/api")
    until(lambda: step(console, waiting, "wait_for_role").get("state"), lambda state: state == "running")
    relay.refuse()
    page = until(lambda: console.get("/containers"), lambda answer: answer.status != 200)
    program = console.get("/api/v1/services")
    until(lambda: console.get("/readyz").status, lambda status: status == 503)
    relay.accept()
    until(lambda: console.get("/readyz").status, lambda status: status == 200)
    assert (page.status, program.status, program.json["code"]) == (503, 503, "storage.unavailable")
    console.sandbox.advance(1_000_000)
    until(lambda: operation(console, waiting).get("outcome"), lambda outcome: outcome == "succeeded")
    lines = warnings(console)
    assert (len(lines), "Traceback" in console.log()) == (2, False), lines


def test_a_server_stops_in_time_while_its_database_is_silent(console, relay):
    waiting = grant(console, OFF, "payments/api")
    until(lambda: step(console, waiting, "wait_for_role").get("state"), lambda state: state == "running")
    relay.go_dark()
    until(lambda: console.get("/readyz").status, lambda status: status == 503, TOLD_WITHIN)
    began = time.monotonic()
    console.process.terminate()
    console.process.wait(STOPS_WITHIN)
    assert time.monotonic() - began < STOPS_WITHIN
    assert "Traceback" not in console.log()

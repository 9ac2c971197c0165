"""A machine without free descriptors, and a server that stops while AWS, or a source of credentials, hangs."""

from __future__ import annotations

import contextlib
import json
import resource
import signal
import sqlite3
import time

import pytest

from campaign.proxy import Fault, fault_proxy
from tests.console import STOPS_WITHIN, RunningConsole, start_console, until
from tests.errors.fast import start_fast_console
from tests.errors.test_surroundings import BARE, Home
from tests.reader import Reader
from tests.sandbox_server import AWS_ENVIRONMENT, RunningSandbox, start_sandbox

# Less than any process has open: what is open stays so, and nothing is opened.
NONE_FREE = 3
LONG = 1_000_000.0


def remarks(console: RunningConsole, operation: str) -> list[str]:
    """Return the notes of an operation's steps from the database: the console itself cannot answer."""
    with contextlib.closing(sqlite3.connect(console.data_dir / "sailpass.db")) as database:
        rows = database.execute(
            "select note from operation_steps where operation_id = ? and note is not null",
            [operation.rpartition("/")[2]],
        )
        return [json.loads(note)["code"] for (note,) in rows]


def test_a_process_that_may_open_no_more_files_ends_no_running_grant(tmp_path):
    """The connections to AWS are broken off meanwhile, so that new ones are needed and cannot be had."""
    with start_fast_console(tmp_path, role_wait_seconds=86_400) as console, contextlib.ExitStack() as stack:
        mika, sandbox, pid = Reader(console), console.sandbox, console.process.pid
        sandbox.options(activation_seconds=LONG)
        operation = mika.adds("payments/api", "payments-api")
        until(lambda: remarks(console, operation), lambda notes: "role.usually" in notes)
        usual = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (NONE_FREE, usual[1]))
        stack.callback(resource.prlimit, pid, resource.RLIMIT_NOFILE, usual)
        sandbox.fault(kind="reset")
        until(lambda: remarks(console, operation), lambda notes: "host.short" in notes, seconds=60)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, usual)
        sandbox.clear_faults()
        sandbox.advance(LONG)
        page = mika.ended(operation, seconds=60)
    assert "payments-api can now pull images from payments/api." in page.text


SIGNALS = [[signal.SIGTERM], [signal.SIGINT, signal.SIGINT], [signal.SIGHUP]]


def stops(console: RunningConsole, by: list[signal.Signals]) -> None:
    began = time.monotonic()
    for each in by:
        console.process.send_signal(each)
        time.sleep(0.3)  # as fast as a person presses Ctrl-C twice
    console.process.wait(STOPS_WITHIN)
    assert time.monotonic() - began < STOPS_WITHIN
    assert "Traceback" not in console.log()
    assert " dbos: " not in console.log()


@pytest.mark.parametrize("by", SIGNALS)
def test_a_server_stops_in_time_while_each_answer_drips(tmp_path, by):
    """A byte every six seconds: no read of a socket ever takes too long."""
    dripping: list[str] = []

    def plan(request):
        return Fault("drip", at=0, seconds=6) if request.action and dripping else Fault()

    with (
        start_sandbox() as sandbox,
        fault_proxy(sandbox.url, plan) as proxy,
        start_console(tmp_path, sandbox=RunningSandbox(proxy.url)) as console,
    ):
        mika = Reader(console)
        mika.knows()
        dripping.append("from now on")
        before = len(proxy.played)
        for repository in ("tools/cli", "edge/cache", "analytics/etl"):
            mika.adds(repository)
        until(lambda: len(proxy.played) > before + 2)
        stops(console, by)


@pytest.mark.parametrize("by", SIGNALS)
def test_a_server_stops_in_time_while_a_source_of_credentials_hangs(tmp_path, monkeypatch, by):
    home = Home(tmp_path / "home")
    program = home.program(f"echo x > {tmp_path}/began; sleep 600")
    home.write(".aws/config", f"[default]\nregion=us-east-1\ncredential_process={program}\n")
    for name, value in {**BARE, "HOME": str(home.path), "AWS_CONFIG_FILE": str(home.path / ".aws/config")}.items():
        monkeypatch.setitem(AWS_ENVIRONMENT, name, value)
    with start_console(tmp_path) as console:
        until((tmp_path / "began").exists)
        stops(console, by)


def test_a_server_stops_in_order_however_often_ctrl_c_is_pressed(tmp_path):
    with start_console(tmp_path) as console:
        ends_by = time.monotonic() + STOPS_WITHIN
        while console.process.poll() is None and time.monotonic() < ends_by:
            console.process.send_signal(signal.SIGINT)
            time.sleep(0.002)
        assert console.process.returncode == 0
        assert "Traceback" not in console.log()


@pytest.mark.parametrize("by", SIGNALS)
def test_a_server_at_work_stops_in_order_by_any_signal(tmp_path, by):
    with start_console(tmp_path) as console:
        console.sandbox.options(activation_seconds=LONG)
        mika = Reader(console)
        operation = mika.adds("payments/api", "payments-api")
        until(lambda: remarks(console, operation), lambda notes: "role.usually" in notes)
        stops(console, by)
        console.start_again()
        console.sandbox.advance(LONG)
        assert "can now pull images from payments/api." in mika.ended(operation).text

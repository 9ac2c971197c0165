"""A console with a fast clock, so that its timeouts can be tested: minutes pass in a second or two.

Everything is the real one but the clock, and how long the SDK waits for an answer; it is a process of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn

from app import bootstrap
from app.aws import clients
from app.aws.clients import ConnectionSettings
from app.aws.session import BotoAws
from app.clock import SystemClock
from app.console import changes
from app.console.changes import ChangeWatch
from app.console.operation_versions import OperationVersions
from app.inventory.background_sync import AGES, Ages
from app.inventory.sync_state import What
from app.main import create_app
from app.operations import replica
from app.operations.lease import Pace
from app.server.limits import Limits
from app.server.server import Server
from app.serving import address
from app.settings import load
from tests.console import ROOT, RunningConsole, surroundings
from tests.fork_server import Process
from tests.sandbox_server import RunningSandbox, start_sandbox

TIMES = 60
ANSWER_SECONDS = 1.5
LOOK = TIMES / 5
# A policy may be as old when it is written as on a console whose time runs as usual.
UNHURRIED = Pace(beat=5.0 * TIMES, dead_after=20.0 * TIMES, look=LOOK, begins=30.0 * TIMES, reading=10.0 * TIMES)

SERVE = """
import os, signal, threading

def end_with_parent():
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=end_with_parent, daemon=True).start()
from tests.errors.fast import serve
serve()
"""


class FastClock:
    """Passes `TIMES` as fast as the machine's clock."""

    def __init__(self) -> None:
        self._began = datetime.now(UTC), time.monotonic()

    def now(self) -> datetime:
        return self._began[0] + timedelta(seconds=self.monotonic() - self._began[1])

    def monotonic(self) -> float:
        began = self._began[1]
        return began + TIMES * (time.monotonic() - began)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / TIMES)


def serve() -> None:
    """What runs in the process."""
    clients.READ_AGAIN_AFTER /= TIMES
    changes.EVERY = 0.1
    # What looks for work now and then would do nothing else here.
    bootstrap.FINDINGS_EVERY = bootstrap.TAGS_EVERY = 1.0 * TIMES
    bootstrap.CANCELS_EVERY = LOOK
    replica.RECOVER_EVERY *= LOOK
    AGES[What.SERVICES] = Ages(AGES[What.SERVICES].asked, TIMES * LOOK)
    settings = load()
    aws = BotoAws(ConnectionSettings(version="test", read_timeout=ANSWER_SECONDS, retry_mode="standard"))
    app = create_app(settings, bootstrap.build(settings, aws=aws, clock=FastClock(), pace=UNHURRIED))
    # By the fast clock pages would look for changes all the time, and be told that a quick answer took too long.
    look_now = app.state.changes._look_now
    app.state.changes = ChangeWatch(look_now, SystemClock(), app.state.services.database_threads)
    app.state.operation_versions = OperationVersions(app.state.operation_versions._read, SystemClock())
    config = uvicorn.Config(
        app, host=settings.host, port=settings.port, ws="none", log_level="warning", timeout_graceful_shutdown=2
    )
    server = Server(config, Limits())
    asyncio.run(_serve(server, address(settings)))


async def _serve(server: uvicorn.Server, url: str) -> None:
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():  # noqa: ASYNC110  (uvicorn tells it in no other way)
        await asyncio.sleep(0.01)
    print(f"Sailpass is ready: {url}", flush=True)  # noqa: T201  (the test waits for it)
    await serving


@contextlib.contextmanager
def start_fast_console(
    data_dir: Path,
    *,
    sandbox_options: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    **settings: Any,
) -> Iterator[RunningConsole]:
    """As `start_console`; `environment` overrides what it would find, "" takes a variable away."""
    with start_sandbox(**(sandbox_options or {})) as sandbox, (data_dir / "log.txt").open("w") as log:
        around = {**surroundings(sandbox, data_dir, settings), **(environment or {})}
        around = {name: value for name, value in around.items() if value}
        command = [sys.executable, "-c", SERVE]
        pipe = subprocess.PIPE
        with Process(command, env=around, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=log, text=True) as process:
            yield _ready(process, sandbox, data_dir, around)
            process.terminate()


def _ready(
    process: subprocess.Popen[str], sandbox: RunningSandbox, data_dir: Path, around: dict[str, str]
) -> RunningConsole:
    assert process.stdout
    line = process.stdout.readline()
    assert line.startswith("Sailpass is ready: "), (data_dir / "log.txt").read_text()
    return RunningConsole(line.removeprefix("Sailpass is ready: ").strip(), sandbox, data_dir, process, around)

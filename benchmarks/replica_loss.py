"""How long the operations of a replica that was killed take to end on the other one, on PostgreSQL."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure, Report
from benchmarks.postgres import postgres
from benchmarks.restart import ACTIVATION, policy_writes, start_waiting
from benchmarks.starting import REGION, until_quiet
from tests.console import RunningConsole, start_console, until
from tests.sandbox_server import start_sandbox_process

HELD = 50


def run() -> Report:
    options = {"seed": "large", "services": 4 * HELD, "repositories": HELD, "activation_seconds": ACTIVATION}
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres() as url,
        start_sandbox_process(**options) as sandbox,
        start_console(Path(folder, "a"), sandbox=sandbox, regions=REGION, database_url=url, instance="a") as first,
    ):
        until_quiet(sandbox)
        ids = start_waiting(first, HELD)  # while it is alone, so that all are its own
        with start_console(Path(folder, "b"), sandbox=sandbox, regions=REGION, database_url=url, instance="b") as other:
            until_quiet(sandbox)
            sandbox.clear_calls()
            first.process.kill()
            killed = time.time()
            sandbox.advance(2 * ACTIVATION)
            until(lambda: _living(other), lambda living: living == 0, seconds=180)
            ended = time.time()
            _check(other, ids)
        writes = [at - 2 * ACTIVATION - killed for at in policy_writes(sandbox)]
    return Report(
        [
            Figure(f"from kill -9 to the last of its {HELD} operations ended", ended - killed, "s", at_most=40),
            Figure("from kill -9 to the first policy written by the other", min(writes), "s"),
        ]
    )


def _living(console: RunningConsole) -> int:
    return len(console.get("/api/v1/operations?outcome=running&limit=200").json["operations"])


def _check(console: RunningConsole, ids: list[str]) -> None:
    succeeded = console.get("/api/v1/operations?outcome=succeeded&limit=200").json["operations"]
    missing = set(ids) - {each["id"] for each in succeeded}
    if missing:
        raise RuntimeError(f"{len(missing)} operations ended badly")

"""How long a poll takes while a thousand modals are open, each on an operation that waits for its role."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from app.db import Database
from app.web.views.operation import POLL_MS
from benchmarks import cpu
from benchmarks.figures import Figure, Report, median
from benchmarks.starting import REGION, operation
from benchmarks.waiting import ACTIVATION, count_waiting, record_waiting
from tests.console import ROOT, RunningConsole, start_console, until
from tests.sandbox_server import start_sandbox_process

MODALS = 1_000
SERVICES = 40
OPENED_WITHIN, BEFORE, SECONDS = 10.0, 20.0, 20.0


def run() -> Report:
    options = {"seed": "large", "services": SERVICES, "repositories": MODALS, "activation_seconds": ACTIVATION}
    with tempfile.TemporaryDirectory() as folder, start_sandbox_process(**options) as sandbox:
        db = Database(f"sqlite:///{folder}/sailpass.db")
        ids = record_waiting(db, sandbox, MODALS)
        with start_console(Path(folder), sandbox=sandbox, regions=REGION, role_wait_seconds=86_400) as console:
            until(lambda: count_waiting(db), lambda count: count >= MODALS, seconds=600)
            before = cpu.of_process(console.process.pid)
            taken = _poll(console, ids)
            share = (cpu.of_process(console.process.pid) - before) / (BEFORE + SECONDS)
        db.close()
    taken.sort()
    return Report(
        [
            Figure(f"a poll with {MODALS} open modals: median", 1000 * median(taken), "ms"),
            Figure(f"a poll with {MODALS} open modals: p99", 1000 * taken[-len(taken) // 100], "ms", at_most=150),
            Figure("polls", len(taken) / SECONDS, "/s"),
            Figure("processor meanwhile", 100 * share, "% of a core"),
        ]
    )


def _poll(console: RunningConsole, ids: list[str]) -> list[float]:
    paths = [f"/operations/{each}/progress?seen={operation(console, each)['version']}" for each in ids]
    times = {"every": POLL_MS / 1000, "opened_within": OPENED_WITHIN, "before": BEFORE, "seconds": SECONDS}
    wanted = {"port": urlsplit(console.url).port, "paths": paths, **times}
    command = [sys.executable, "-m", "benchmarks.modals_child"]
    done = subprocess.run(command, input=json.dumps(wanted), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    taken: list[float] = json.loads(done.stdout)
    return taken

"""How long a poll takes while a thousand modals are open, each on an operation that waits for its role; and what pages
cost that are open while nothing changes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from app.db import Database
from app.web.links import CHANGES
from app.web.routes.changes import LONGEST_WAIT
from app.web.views.operation import POLL_MS
from benchmarks import cpu
from benchmarks.figures import Figure, Report, median
from benchmarks.starting import REGION, console_on_sandbox, operation
from benchmarks.waiting import ACTIVATION, count_waiting, record_waiting
from tests.console import ROOT, RunningConsole, start_console, until
from tests.sandbox_server import start_sandbox_process

MODALS, PAGES = 1_000, 200
SERVICES = 40
# The modals open one after the other, and each is told how often to ask.
OPENED_WITHIN, BEFORE, SECONDS = 10.0, 20.0, 20.0


def run() -> Report:
    options = {"seed": "large", "services": SERVICES, "repositories": MODALS, "activation_seconds": ACTIVATION}
    with tempfile.TemporaryDirectory() as folder, start_sandbox_process(**options) as sandbox:
        db = Database(f"sqlite:///{folder}/sailpass.db")
        ids = record_waiting(db, sandbox, MODALS)
        with start_console(Path(folder), sandbox=sandbox, regions=REGION, role_wait_seconds=86_400) as console:
            until(lambda: count_waiting(db), lambda count: count >= MODALS, seconds=600)
            taken, polled = _ask(console, _modals(console, ids), every=POLL_MS / 1000)
        db.close()
    with console_on_sandbox({"seed": "demo"}) as console:
        _, watched = _ask(console, _pages(console), every=0)
    taken.sort()
    return Report(
        [
            Figure(f"a poll with {MODALS} open modals: median", 1000 * median(taken), "ms"),
            Figure(f"a poll with {MODALS} open modals: p99", 1000 * taken[-len(taken) // 100], "ms", at_most=150),
            Figure("polls", len(taken) / SECONDS, "/s"),
            Figure("processor meanwhile", 100 * polled, "% of a core"),
            Figure(
                f"processor with {PAGES} open pages while nothing changes", 100 * watched, "% of a core", at_most=10
            ),
        ]
    )


def _modals(console: RunningConsole, ids: list[str]) -> list[str]:
    return [f"/operations/{each}/progress?seen={operation(console, each)['version']}" for each in ids]


def _pages(console: RunningConsole) -> list[str]:
    """What open pages ask for: an answer once something has changed, or after some seconds."""
    now = console.get(CHANGES).json
    query = urlencode({"seen": now["version"], "since": now["since"], "wait": LONGEST_WAIT})
    return [f"{CHANGES}?{query}"] * PAGES


def _ask(console: RunningConsole, paths: list[str], *, every: float) -> tuple[list[float], float]:
    """The seconds that each answer took, and the console's share of a core."""
    times = {"every": every, "opened_within": OPENED_WITHIN, "before": BEFORE, "seconds": SECONDS}
    wanted = {"port": urlsplit(console.url).port, "paths": paths, **times}
    command = [sys.executable, "-m", "benchmarks.modals_child"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdin  # noqa: S101  (it is a pipe)
        assert child.stdout  # noqa: S101  (as above)
        child.stdin.write(json.dumps(wanted))
        child.stdin.close()
        time.sleep(BEFORE)
        before = cpu.of_process(console.process.pid)
        time.sleep(SECONDS)
        share = (cpu.of_process(console.process.pid) - before) / SECONDS
        taken: list[float] = json.loads(child.stdout.read())
    return taken, share

"""What 5,000 operations that wait for their roles cost one process: memory, threads, processor, and a page's patience.

They are in the history before the console starts, as after a restart, so that taking them up is measured too.
"""

from __future__ import annotations

import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from app.db import Database
from app.history import store
from app.history.models import Step
from app.migrate import migrate
from app.operations.ids import new_id
from app.operations.state import STEPS, Kind, StepName
from benchmarks.browser import Browser
from benchmarks.figures import Figure, Report, median
from benchmarks.starting import REGION, services_by_role
from tests.console import RunningConsole, start_console, until
from tests.sandbox_server import RunningSandbox, start_sandbox_process

OPERATIONS = 5_000
SERVICES = 40
ACTIVATION = 36_000.0
PAGES = 60
WATCHED_SECONDS = 10.0
TICKS = os.sysconf("SC_CLK_TCK")


def run() -> Report:
    options = {"seed": "large", "services": SERVICES, "repositories": OPERATIONS, "activation_seconds": ACTIVATION}
    with tempfile.TemporaryDirectory() as folder, start_sandbox_process(**options) as sandbox:
        db = Database(f"sqlite:///{folder}/sailpass.db")
        ids = record_waiting(db, sandbox, OPERATIONS)
        settings = {"regions": REGION, "role_wait_seconds": 86_400}
        began = time.monotonic()
        with start_console(Path(folder), sandbox=sandbox, **settings) as console:
            until(lambda: count_waiting(db), lambda count: count >= OPERATIONS, seconds=600)
            took = time.monotonic() - began
            figures = _figures(console, ids)
        db.close()
    return Report([*figures, Figure(f"from start until all {OPERATIONS} wait", took, "s")])


def record_waiting(db: Database, sandbox: RunningSandbox, count: int) -> list[str]:
    """Ask for so many grants, each on a repository of its own, before a console starts; their ids."""
    migrate(db)
    services = services_by_role(sandbox, active=False)
    pages = sandbox.client("ecr").get_paginator("describe_repositories").paginate(maxResults=1000)
    names = sorted(each["repositoryName"] for page in pages for each in page["repositories"])
    ids = []
    for number, name in enumerate(names[:count]):
        at = datetime.now(UTC)
        service, steps = services[number % len(services)], STEPS[Kind.GRANT]
        subject = f"default {REGION} {service} {name} grant"
        new = store.NewOperation(new_id(at), "grant", "default", REGION, service, name, subject, "mika", steps)
        ids.append(store.insert_or_join(db, new, lambda *_: "", at)[0])
    return ids


def count_waiting(db: Database) -> int:
    """How many operations wait for their role."""
    wait = (Step.name == StepName.WAIT_FOR_ROLE, Step.state == "running")
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(Step).where(*wait)) or 0


def _figures(console: RunningConsole, ids: list[str]) -> list[Figure]:
    browser = Browser(console.url)
    asked = ids[:: max(1, len(ids) // PAGES)][:PAGES]
    seconds = [browser.get(f"/operations/{each}/progress", htmx=True).seconds for each in asked]
    browser.close()
    before = _processor(console.process.pid)
    time.sleep(WATCHED_SECONDS)
    share = (_processor(console.process.pid) - before) / WATCHED_SECONDS
    status = dict(
        line.split(":", 1)
        for line in Path(f"/proc/{console.process.pid}/status").read_text().splitlines()
        if ":" in line
    )
    return [
        Figure(f"memory with {OPERATIONS} waiting", int(status["VmRSS"].split()[0]) / 1024, "MB", at_most=400),
        Figure("at its peak", int(status["VmHWM"].split()[0]) / 1024, "MB"),
        Figure("threads", int(status["Threads"]), "threads", at_most=64),
        Figure("progress page meanwhile (median)", 1000 * median(seconds), "ms", at_most=50),
        Figure("processor meanwhile", 100 * share, "% of a core"),
    ]


def _processor(pid: int) -> float:
    """Seconds of processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS

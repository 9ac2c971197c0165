"""How soon operations run on after `kill -9` of the only server, on SQLite."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.browser import Browser
from benchmarks.figures import Figure, Report
from benchmarks.starting import REGION, repositories, services_by_role, start_grant, until_quiet, until_waiting
from tests.console import RunningConsole, start_console, until
from tests.sandbox_server import RunningSandbox, start_sandbox_process

WAITING = 50
ACTIVATION = 3600.0


def run() -> Report:
    options = {"seed": "large", "services": 4 * WAITING, "repositories": WAITING, "activation_seconds": ACTIVATION}
    with tempfile.TemporaryDirectory() as folder, start_sandbox_process(**options) as sandbox:
        with start_console(Path(folder), sandbox=sandbox, regions=REGION) as console:
            until_quiet(sandbox)
            start_waiting(console, WAITING)
            console.process.kill()
            console.process.wait()
        # The roles get ready while no server runs: whoever runs on has something to do at once.
        sandbox.advance(2 * ACTIVATION)
        sandbox.clear_calls()
        with start_console(Path(folder), sandbox=sandbox, regions=REGION):
            ready = time.time()
            writes = until(lambda: policy_writes(sandbox), lambda seen: len(seen) >= WAITING, seconds=120)
    ahead = 2 * ACTIVATION
    return Report(
        [
            Figure("from ready to the first operation's policy written", writes[0] - ahead - ready, "s", at_most=3),
            Figure(f"from ready to the last of {WAITING}", writes[-1] - ahead - ready, "s"),
        ]
    )


def start_waiting(console: RunningConsole, number: int) -> list[str]:
    """Start operations that wait for their roles, each of another service, and see each of them wait; their ids."""
    browser = Browser(console.url)
    inactive = services_by_role(console.sandbox, active=False)
    pairs = zip(inactive[:number], repositories(console)[:number], strict=True)
    ids = [start_grant(console, browser, service, repository) for service, repository in pairs]
    browser.close()
    for each in ids:
        until_waiting(console, each)
    return ids


def policy_writes(sandbox: RunningSandbox) -> list[float]:
    """When each policy was written that was, by the sandbox's own clock."""
    return [call["at"] for call in sandbox.calls("ecr:SetRepositoryPolicy") if call["outcome"] == "ok"]

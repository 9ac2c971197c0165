"""Measures the window in which somebody else's write is overwritten: from the reading that a write is based on, to the
write's arrival, both as the sandbox's log tells them.

The console is a `sailpass serve` of its own, on its own clock; the sandbox is well, and is granted and revoked steadily.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.browser import Browser
from benchmarks.starting import REGION, repositories, services_by_role, start_grant, until_quiet
from tests.console import RunningConsole, start_console, until
from tests.sandbox_server import start_sandbox_process

READ = "ecr:GetRepositoryPolicy"
WRITES = ("ecr:SetRepositoryPolicy", "ecr:DeleteRepositoryPolicy")
PACE = 10.0  # grants a second
MOST = 0.1  # seconds: p99.9 on a well AWS
SERVICES, REPOSITORIES = 40, 400


@dataclass(frozen=True)
class Window:
    """Seconds from a reading to the write based on it, of each write, in order of length."""

    seconds: tuple[float, ...]

    def share(self, part: float) -> float:
        """The length that so great a part of the writes stays below or at."""
        return self.seconds[min(len(self.seconds) - 1, int(part * len(self.seconds)))]

    @property
    def is_met(self) -> bool:
        return self.share(0.999) <= MOST

    def sentence(self) -> str:
        parts = {"half": 0.5, "99 %": 0.99, "99.9 %": 0.999}
        told = ", ".join(f"{words} within {1000 * self.share(part):.0f} ms" for words, part in parts.items())
        return f"{len(self.seconds):,} writes: {told}, the longest {1000 * self.seconds[-1]:.0f} ms"


def measure(writes: int, pace: float = PACE) -> Window:
    """Grant so many times at a steady pace, and return the windows of the writes."""
    options = {"seed": "large", "services": SERVICES, "repositories": REPOSITORIES}
    with (
        tempfile.TemporaryDirectory() as folder,
        start_sandbox_process(**options) as sandbox,
        start_console(Path(folder), sandbox=sandbox, regions=REGION) as console,
    ):
        until_quiet(sandbox)
        sandbox.clear_calls()
        pairs = [
            (service, name) for service in services_by_role(sandbox, active=True) for name in repositories(console)
        ]
        sandbox.clear_calls()
        _grant(console, pairs[:writes], pace)
        until(lambda: _living(console), lambda living: not living, seconds=120)
        return windows(sandbox.calls("ecr:*RepositoryPolicy"))


def windows(calls: Sequence[dict[str, Any]]) -> Window:
    """From each write back to the last reading of its policy before it; a write without one counts as endless."""
    read: dict[str, float] = {}
    found = []
    for call in calls:
        name = call["params"]["repositoryName"]
        if call["action"] == READ:
            read[name] = call["at"]
        elif call["action"] in WRITES and call["outcome"] == "ok":
            found.append(call["at"] - read.get(name, float("-inf")))
    return Window(tuple(sorted(found)))


def _grant(console: RunningConsole, pairs: Sequence[tuple[str, str]], pace: float) -> None:
    """Start grants at a steady pace. Raises what kept one from being started."""
    began = time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        started = []
        for number, (service, repository) in enumerate(pairs):
            time.sleep(max(0.0, began + number / pace - time.monotonic()))
            started.append(threads.submit(_start, console, service, repository))
    for grant in started:
        grant.result()


def _start(console: RunningConsole, service: str, repository: str) -> None:
    browser = Browser(console.url)
    try:
        start_grant(console, browser, service, repository)
    finally:
        browser.close()


def _living(console: RunningConsole) -> int:
    return len(console.get("/api/v1/operations?outcome=running&limit=200").json["operations"])

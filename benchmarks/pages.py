"""How long pages take with years of history and thousands of repositories, as a client on this machine sees it.

Nothing is taken off: client, loopback and compression are in the figures, and so is what the console does beside it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

from benchmarks.browser import Browser, Got
from benchmarks.figures import Figure, Report, median
from benchmarks.postgres import postgres
from benchmarks.starting import REGION, until_quiet
from tests.console import ROOT, RunningConsole, start_console
from tests.sandbox_server import AWS_ENVIRONMENT, RunningSandbox, start_sandbox_process

REQUESTS = 200
SERVICES = 100
DEEP = timedelta(days=300)
OLDER = re.compile(r'[?;]older=([^"&]+)')


@dataclass(frozen=True)
class Scale:
    """How much there is, and the targets in milliseconds."""

    database: str
    repositories: int
    operations: int
    median: float = 30
    slowest: float = 100


SCALES = (
    Scale("SQLite", 10_000, 100_000),
    Scale("PostgreSQL", 10_000, 100_000),
    Scale("SQLite", 100_000, 100_000, median=60, slowest=200),
)


def run() -> Report:
    figures: list[Figure] = []
    details = {}
    for scale in SCALES:
        with _console(scale) as console:
            browser = Browser(console.url)
            taken = {name: _ask(browser, path) for name, path in _pages(browser).items()}
            browser.close()
        figures += _figures(scale, taken)
        details[f"{scale.database} {scale.repositories}"] = taken
    return Report(figures, details=details)


def _figures(scale: Scale, taken: dict[str, list[float]]) -> Iterator[Figure]:
    where = f"{scale.repositories:,} repositories, {scale.database}"
    for name, times in taken.items():
        yield Figure(f"{name}, {where}: median", median(times), "ms", at_most=scale.median)
        yield Figure(f"{name}, {where}: p99", sorted(times)[-REQUESTS // 100], "ms", at_most=scale.slowest)


def _pages(browser: Browser) -> dict[str, str]:
    """The address of each page by its name."""
    service = f"/containers/{REGION}/service-000"
    until = (datetime.now(UTC) - DEEP).date()
    deep = OLDER.search(browser.get(f"/history?until={until}").text)
    if deep is None:
        raise RuntimeError("the history has no deep page")
    return {
        "Containers": "/containers",
        "Repositories": "/repositories",
        "Findings": "/findings",
        "Images": f"{service}/images",
        "History, first page": "/history",
        "History, a deep page": f"/history?older={unescape(deep[1])}",
        "History, by part of a name": "/history?repository=07",
        "Add, each key": f"{service}/repositories/options?repository=07",
        "Search": "/search?q=0712",
    }


def _ask(browser: Browser, path: str) -> list[float]:
    got = [browser.get(path) for _ in range(REQUESTS)]
    wrong = next((each for each in got if not _is_right(each)), None)
    if wrong is not None:
        raise RuntimeError(f"{path} was answered with {wrong.status}: {wrong.text[:500]}")
    return [round(1000 * each.seconds, 2) for each in got]


def _is_right(got: Got) -> bool:
    return got.status == 200


@contextmanager
def _console(scale: Scale) -> Iterator[RunningConsole]:
    """A console whose database has all of it."""
    options = {"seed": "large", "repositories": scale.repositories, "services": SERVICES}
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres() if scale.database == "PostgreSQL" else _no_server() as url,
        start_sandbox_process(**options) as sandbox,
    ):
        _fill(sandbox, {"folder": folder, "database_url": url, "operations": scale.operations})
        settings: dict[str, Any] = {"database_url": url} if url else {}
        with start_console(Path(folder), sandbox=sandbox, regions=REGION, **settings) as console:
            until_quiet(sandbox)
            yield console


@contextmanager
def _no_server() -> Iterator[str]:
    yield ""


def _fill(sandbox: RunningSandbox, wanted: dict[str, Any]) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAILPASS_"))}
    environment = {**kept, **AWS_ENVIRONMENT, "AWS_ENDPOINT_URL": sandbox.url, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "benchmarks.pages_child"]
    subprocess.run(command, input=json.dumps(wanted), env=environment, cwd=ROOT, text=True, check=True)

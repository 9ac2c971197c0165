"""Consoles to measure: each a `sailpass serve` of its own, on a sandbox in a process of its own."""

from __future__ import annotations

import contextlib
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.browser import Browser
from tests.console import RunningConsole, start_console, until
from tests.sandbox_server import RunningSandbox, start_sandbox_process

REGION = "us-east-1"
QUIET_SECONDS = 0.7
# Older services lack the key.
OFF = {"ecrImagePullerRole": {"isActive": False}}
OPERATION = re.compile(r"/operations/([0-9a-f-]{36})")


@contextlib.contextmanager
def console_on_sandbox(sandbox_options: Mapping[str, Any], **settings: Any) -> Iterator[RunningConsole]:
    """A console that has read all that exists in its sandbox."""
    with (
        tempfile.TemporaryDirectory() as folder,
        start_sandbox_process(**sandbox_options) as sandbox,
        start_console(Path(folder), sandbox=sandbox, **{"regions": REGION, **settings}) as console,
    ):
        until_quiet(sandbox)
        yield console


def until_quiet(sandbox: RunningSandbox) -> None:
    """Wait until nobody has called the sandbox for a while: the first reading is done."""
    seen, since = -1, time.monotonic()
    while time.monotonic() - since < QUIET_SECONDS or seen <= 0:
        now = len(sandbox.calls())
        if now != seen:
            seen, since = now, time.monotonic()
        time.sleep(0.05)


def services_by_role(sandbox: RunningSandbox, *, active: bool) -> list[str]:
    """The services whose image puller role is on, or off."""
    return [
        service["containerServiceName"]
        for service in sandbox.control("GET", "services")["services"]
        if service.get("privateRegistryAccess", OFF)["ecrImagePullerRole"]["isActive"] is active
    ]


def repositories(console: RunningConsole) -> list[str]:
    """Every repository of the sandbox, by name."""
    pages = console.sandbox.client("ecr").get_paginator("describe_repositories").paginate()
    return sorted(each["repositoryName"] for page in pages for each in page["repositories"])


def start_grant(console: RunningConsole, browser: Browser, service: str, repository: str) -> str:
    """Add a repository as the dialog does; the operation's id."""
    answer = browser.submit(f"/containers/{REGION}/{service}/repositories", repository=repository)
    found = OPERATION.search(answer.text)
    if found is None:
        raise RuntimeError(f"{console.url} started nothing for {repository}, but answered {answer.status}")
    return found[1]


def until_ended(console: RunningConsole, operation_id: str) -> dict[str, Any]:
    """Wait until an operation has ended; how it did."""
    return until(lambda: operation(console, operation_id), lambda seen: seen["outcome"], seconds=60)


def until_waiting(console: RunningConsole, operation_id: str) -> None:
    """Wait until an operation waits for its role."""
    until(lambda: operation(console, operation_id)["steps"], _waits, seconds=60)


def _waits(steps: list[dict[str, Any]]) -> bool:
    return any(step["name"] == "wait_for_role" and step["state"] == "running" and step["note"] for step in steps)


def operation(console: RunningConsole, operation_id: str) -> dict[str, Any]:
    """How an operation stands."""
    found: dict[str, Any] = console.get(f"/api/v1/operations/{operation_id}").json
    return found

"""Whole grants a second with their history, in one process, on SQLite and on PostgreSQL; and the engine's floor.

The sandbox is instant, runs in a process of its own, and shares the machine's cores; so does PostgreSQL.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import Any

from benchmarks import cpu
from benchmarks.figures import Figure, Report
from benchmarks.postgres import postgres
from benchmarks.starting import services_by_role
from benchmarks.throughput_child import PROFILED
from tests.console import ROOT
from tests.sandbox_server import AWS_ENVIRONMENT, RunningSandbox, start_sandbox_process

OPERATIONS = 500
INSTANT = {"activation_seconds": 0, "principal_seconds": 0}


def run() -> Report:
    on_sqlite = _measure("")
    with postgres() as url:
        on_postgres = _measure(url)
    figures, lines = [], []
    for database, found in (("SQLite", on_sqlite), ("PostgreSQL", on_postgres)):
        figures += [
            Figure(f"{OPERATIONS} grants with history on {database}", found["per_second"], "/s", at_least=25),
            Figure(f"the engine's floor on {database}: empty steps", found["floor_per_second"], "/s"),
        ]
        spent = ", ".join(f"{name} {each}" for name, each in found["cpu_ms_by_threads"].items() if each >= 0.1)
        lines += [
            f"{database}, processor ms a grant: {spent}; the sandbox {found['sandbox_cpu_ms']:.1f}",
            f"{database}, who the working threads work for:",
            *(f"  {each}" for each in found["owners"]),
            f"{database}, in which functions:",
            *(f"  {each}" for each in found["functions"][:12]),
        ]
    return Report(figures, lines, {"sqlite": on_sqlite, "postgresql": on_postgres})


def _measure(database_url: str) -> dict[str, Any]:
    count = OPERATIONS + PROFILED
    options = {"seed": "large", "repositories": count, "services": 40, **INSTANT}
    with tempfile.TemporaryDirectory() as folder, start_sandbox_process(**options) as sandbox:
        asked = {"folder": folder, "database_url": database_url, "operations": OPERATIONS, "pairs": _pairs(sandbox)}
        assert sandbox.process  # noqa: S101  (it was started as one)
        before = cpu.of_process(sandbox.process.pid)
        found = _run_child(sandbox.url, asked)
        spent = cpu.of_process(sandbox.process.pid) - before
    return {**found, "sandbox_cpu_ms": 1000 * spent / count}


def _pairs(sandbox: RunningSandbox) -> list[tuple[str, str]]:
    """An active service for each repository that does not name it yet."""
    services = services_by_role(sandbox, active=True)
    named = {
        each["repository"]: json.dumps(each["policy"])
        for each in sandbox.control("GET", "policies?limit=100000")["policies"]
    }
    paginator = sandbox.client("ecr").get_paginator("describe_repositories")
    names = [each["repositoryName"] for page in paginator.paginate() for each in page["repositories"]]
    pairs = []
    for number, name in enumerate(names):
        free = (services[(number + shift) % len(services)] for shift in range(len(services)))
        pairs.append((next(service for service in free if f"/{service}/" not in named.get(name, "")), name))
    return pairs


def _run_child(url: str, asked: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAILPASS_"))}
    environment = {**kept, **AWS_ENVIRONMENT, "AWS_ENDPOINT_URL": url, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "benchmarks.throughput_child"]
    done = subprocess.run(
        command, input=json.dumps(asked), env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found

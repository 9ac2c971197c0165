"""How long a batch of many repositories takes, beside scripts that do the same without history.

Each answer of the sandbox takes 20 ms, and it limits no rate. Every way begins with the same policies.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, Report
from benchmarks.starting import services_by_role
from tests.console import ROOT
from tests.sandbox_server import AWS_ENVIRONMENT, RunningSandbox, start_sandbox_process

REPOSITORIES = 500
LATENCY_MS = 20
BY_CLIENT = 6  # repositories that the aws client is timed on; each takes it seconds
AWS = Path(sys.executable).with_name("aws")
SEED = {"seed": "large", "repositories": REPOSITORIES + 200, "services": 4}


def run() -> Report:
    options = {**SEED, "activation_seconds": 0, "principal_seconds": 0}
    seconds: dict[str, float] = {}
    with start_sandbox_process(**options) as sandbox:
        service = services_by_role(sandbox, active=True)[0]
        wanted = {"service": service, "repositories": _without(sandbox, service)}
        sandbox.options(latency_ms=LATENCY_MS)
        calls: Counter[str] = Counter()
        for way in ("batch", "threads", "serial"):
            sandbox.reset(**SEED)
            sandbox.clear_calls()
            with tempfile.TemporaryDirectory() as folder:
                seconds[way] = _timed(sandbox, {**wanted, "way": way, "folder": folder, "database_url": ""})
            if way == "batch":
                calls = Counter(call["action"] for call in sandbox.calls())
        sandbox.reset(**SEED)
        seconds["client"] = _by_client(sandbox, wanted)
    return _report(seconds, calls, len(wanted["repositories"]))


def _without(sandbox: RunningSandbox, service: str) -> list[str]:
    """Repositories whose policy does not name the service yet."""
    policies = sandbox.control("GET", "policies?limit=100000")["policies"]
    named = {each["repository"] for each in policies if f"/{service}/" in json.dumps(each["policy"])}
    paginator = sandbox.client("ecr").get_paginator("describe_repositories")
    names = [each["repositoryName"] for page in paginator.paginate() for each in page["repositories"]]
    return [name for name in names if name not in named][:REPOSITORIES]


def _timed(sandbox: RunningSandbox, wanted: dict[str, Any]) -> float:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAILPASS_"))}
    environment = {**kept, **AWS_ENVIRONMENT, "AWS_ENDPOINT_URL": sandbox.url, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "benchmarks.batch_child"]
    done = subprocess.run(
        command, input=json.dumps(wanted), env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return float(done.stdout.splitlines()[-1])


def _by_client(sandbox: RunningSandbox, wanted: dict[str, Any]) -> float:
    """Seconds that the aws client would take in a loop, by what a few repositories take it."""
    environment = {"PATH": os.environ["PATH"], **AWS_ENVIRONMENT}
    client = [sys.executable, str(AWS), "--endpoint-url", sandbox.url, "--output", "json", "ecr"]
    policy = json.dumps({"Version": "2008-10-17", "Statement": []})
    began = time.perf_counter()
    for name in wanted["repositories"][:BY_CLIENT]:
        for arguments in (
            ["get-repository-policy", "--repository-name", name],
            ["set-repository-policy", "--repository-name", name, "--policy-text", policy],
            ["get-repository-policy", "--repository-name", name],
        ):
            subprocess.run([*client, *arguments], env=environment, capture_output=True, timeout=60, check=False)
    return (time.perf_counter() - began) * len(wanted["repositories"]) / BY_CLIENT


def _report(seconds: dict[str, float], calls: Counter[str], count: int) -> Report:
    of_items = sum(number for action, number in calls.items() if action.endswith("RepositoryPolicy"))
    figures = [
        Figure(f"a batch of {count} repositories, {LATENCY_MS} ms a call", seconds["batch"], "s"),
        Figure("a script with boto3, one call after the other", seconds["serial"], "s"),
        Figure("a script with boto3 and 8 threads, without history", seconds["threads"], "s"),
        Figure(f"the aws client in a loop, by {BY_CLIENT} repositories", seconds["client"], "s"),
        Figure("sooner than the client", seconds["client"] / seconds["batch"], "times", at_least=20),
        Figure("sooner than the script", seconds["serial"] / seconds["batch"], "times", at_least=4),
        Figure("time beside the 8 threads", seconds["batch"] / seconds["threads"], "times", at_most=1.5),
        Figure("AWS calls for each repository", of_items / count, "calls", at_most=3),
    ]
    lines = [f"calls of the batch: {', '.join(f'{name} {number}' for name, number in sorted(calls.items()))}"]
    return Report(figures, lines, {"seconds": seconds, "calls": dict(calls)})

"""How long a deployment takes beyond AWS's own time, side by side with the script of docs/ci.md on the same sandbox.

The script is the one in the page, word for word, with the real `aws` and `jq`.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, Report, median
from benchmarks.starting import REGION, console_on_sandbox
from tests.console import ROOT, RunningConsole, surroundings
from tests.sandbox_server import AWS_ENVIRONMENT, RunningSandbox

SERVICE, REPOSITORY = "storefront-web", "storefront/web"
TAGS = ("5.2.0", "5.2.1", "5.3.0")
HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
LATENCY_MS = 100
DEPLOYMENT_SECONDS = 12.0
ROUNDS = 9
SLOW_ROUNDS = 3
POLL = "lightsail:GetContainerServices"


def run() -> Report:
    if shutil.which("jq") is None:
        raise RuntimeError("The script of docs/ci.md needs jq: install it, then run this benchmark again.")
    with console_on_sandbox({"deployment_seconds": 0, "patience_seconds": 0}) as console:
        instant = [operation(console, TAGS[number % 2]) for number in range(ROUNDS)]
        calls = calls_of(console)
        console.sandbox.options(latency_ms=LATENCY_MS, deployment_seconds=DEPLOYMENT_SECONDS)
        seconds = {
            "script": [timed(script, console.sandbox, TAGS[number % 2]) for number in range(SLOW_ROUNDS)],
            "alone": [timed(alone, console.sandbox, TAGS[number % 2]) for number in range(SLOW_ROUNDS)],
            "server": [timed(by_server, console, TAGS[number % 2]) for number in range(SLOW_ROUNDS)],
        }
    return _report(instant, calls, seconds)


def _report(instant: list[float], calls: list[str], seconds: dict[str, list[tuple[float, float]]]) -> Report:
    under = f"{DEPLOYMENT_SECONDS:g} s of AWS, {LATENCY_MS} ms a call"
    beyond = {name: median(wall for wall, _ in each) - DEPLOYMENT_SECONDS for name, each in seconds.items()}
    cpu = {name: median(used for _, used in each) for name, each in seconds.items()}
    figures = [
        Figure(f"a deployment on an instant sandbox (median of {ROUNDS})", median(instant), "s", at_most=0.5),
        Figure("its calls beside the polls", len(calls), "calls", at_most=5),
        Figure(f"the script of docs/ci.md, beyond {under}", beyond["script"], "s"),
        Figure("sailpass deploy without a server, the same", beyond["alone"], "s"),
        Figure("sailpass deploy with a server, the same", beyond["server"], "s"),
        Figure("CPU of the script", cpu["script"], "s"),
        Figure("CPU of sailpass deploy without a server", cpu["alone"], "s"),
        Figure("CPU of sailpass deploy with a server, in the job", cpu["server"], "s"),
    ]
    return Report(figures, details={"instant": instant, "calls": calls, "seconds": seconds})


def operation(console: RunningConsole, tag: str) -> float:
    """Seconds from the request to the end of the operation, by its own times."""
    here = f"/api/v1/services/{REGION}/{SERVICE}/deployments"
    answer = console.post(here, {"image": f"{REPOSITORY}:{tag}", "container": "web"})
    if answer.status != 202:
        raise RuntimeError(f"The deployment was answered with {answer.status}: {answer.text[:500]}")
    seen = answer.json
    while seen["outcome"] is None:
        seen = console.get(f"/api/v1/operations/{seen['id']}?seen={seen['version']}&wait=4").json
    if seen["outcome"] != "succeeded":
        raise RuntimeError(f"The deployment ended as {seen['outcome']}: {seen['problem']}")
    asked_at, ended_at = (datetime.fromisoformat(seen[name]) for name in ("asked_at", "ended_at"))
    return (ended_at - asked_at).total_seconds()


def calls_of(console: RunningConsole) -> list[str]:
    """The calls of one deployment: the first read of the service, and all that are not polls of it."""
    console.sandbox.clear_calls()
    operation(console, TAGS[2])
    actions: list[str] = [call["action"] for call in console.sandbox.calls()]
    return [POLL, *(action for action in actions if action != POLL)]


def timed(deploy: Any, target: Any, tag: str) -> tuple[float, float]:
    """Return the seconds that a deployment took, and its seconds of CPU, which a busy machine changes little."""
    began, cpu = time.monotonic(), _cpu()
    deploy(target, tag)
    return time.monotonic() - began, _cpu() - cpu


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ci_script() -> str:
    """The script in docs/ci.md."""
    section = (ROOT / "docs" / "ci.md").read_text().partition("## The script that this replaces")[2]
    match = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    if match is None:
        raise RuntimeError("docs/ci.md has no script any more.")
    return match[1]


def script(sandbox: RunningSandbox, tag: str) -> None:
    """Run the script in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**aws_environment(sandbox, Path(folder)), "SERVICE": SERVICE}
        environment["IMAGE"] = f"{HOST}/{REPOSITORY}:{tag}"
        _run(["bash", "-eu", "-o", "pipefail", "-c", ci_script()], environment, folder)


def aws_environment(sandbox: RunningSandbox, folder: Path) -> dict[str, str]:
    """The environment of a shell whose `aws` is this one's, and calls the sandbox."""
    program = folder / "bin" / "aws"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(sys.executable).with_name("aws")}" "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    return {**AWS_ENVIRONMENT, "AWS_ENDPOINT_URL": sandbox.url, "AWS_PAGER": "", "PATH": path}


def alone(sandbox: RunningSandbox, tag: str) -> None:
    """Deploy as a CI job does: no server, no database yet."""
    with tempfile.TemporaryDirectory() as folder:
        _sailpass(surroundings(sandbox, Path(folder) / "data", {"regions": REGION}), tag)


def by_server(console: RunningConsole, tag: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = surroundings(console.sandbox, Path(folder) / "data", {})
        _sailpass({**environment, "SAILPASS_URL": console.url}, tag)


def _sailpass(environment: Mapping[str, str], tag: str) -> None:
    words = ["deploy", SERVICE, f"{REPOSITORY}:{tag}", "--container", "web", "--region", REGION]
    _run([sys.executable, "-m", "app.cli", *words], environment, str(ROOT))


def _run(command: list[str], environment: Mapping[str, str], folder: str) -> None:
    done = subprocess.run(
        command, env=dict(environment), cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stdout[-500:]}{done.stderr[-1000:]}")

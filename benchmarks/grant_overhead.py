"""How long a grant takes beyond what AWS itself takes, and how long AWS's own guide takes on the same sandbox.

The clock runs from the click on Add (the form's POST) until the sandbox has taken the policy that holds the
statement, by the sandbox's own record of that write. Both run on this machine, so both tell the same time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.browser import Browser
from benchmarks.figures import Figure, Report, median
from benchmarks.starting import REGION, console_on_sandbox, repositories, services_by_role
from tests.console import RunningConsole, until
from tests.sandbox_server import AWS_ENVIRONMENT, RunningSandbox

AWS = Path(sys.executable).with_name("aws")
GUIDE_WAITS = 30.0  # "wait at least 30 seconds", says the guide
ACTIVATION = 6.0
SPREAD = 1.0  # the sandbox's default: how long ECR does not know a fresh principal
ROUNDS = {"short": (1.5, 0.0, 12), "usual": (ACTIVATION, 0.0, 10), "spreading": (ACTIVATION, SPREAD, 4)}
GUIDE_ROUNDS = 2
# Services whose role is off, one for each round: every fourth of the large seed.
SERVICES = 4 * (sum(rounds for *_, rounds in ROUNDS.values()) + GUIDE_ROUNDS)


def run() -> Report:
    with console_on_sandbox({"seed": "large", "services": SERVICES, "repositories": 60}) as console:
        inactive = services_by_role(console.sandbox, active=False)
        free = iter(repositories(console))
        seconds: dict[str, list[float]] = {}
        for name, (activation, spread, rounds) in ROUNDS.items():
            console.sandbox.options(activation_seconds=activation, principal_seconds=spread)
            seconds[name] = [grant(console, inactive.pop(), next(free)) for _ in range(rounds)]
        by_guide = [guide(console.sandbox, inactive.pop(), next(free)) for _ in range(GUIDE_ROUNDS)]
    return _report(seconds, by_guide)


def _report(seconds: dict[str, list[float]], by_guide: list[float]) -> Report:
    beyond = {name: [each - ROUNDS[name][0] for each in measured] for name, measured in seconds.items()}
    times_sooner = median(by_guide) / median(seconds["spreading"])
    figures = [
        Figure(
            f"click to policy, beyond the role's {ACTIVATION:g} s (median of {len(beyond['usual'])})",
            median(beyond["usual"]),
            "s",
            at_most=1.0,
        ),
        Figure("the same with an activation of 1.5 s", median(beyond["short"]), "s", at_most=1.0),
        Figure(
            f"the same while ECR learns of the principal for {SPREAD:g} s, less both",
            median(beyond["spreading"]) - SPREAD,
            "s",
        ),
        Figure("click to policy, all in all", median(seconds["spreading"]), "s"),
        Figure("AWS's guide with the aws client, same sandbox", median(by_guide), "s"),
        Figure("sooner than the guide", times_sooner, "times", at_least=4),
    ]
    return Report(figures, details={"seconds": seconds, "guide_seconds": by_guide})


def grant(console: RunningConsole, service: str, repository: str) -> float:
    """Seconds from the click on Add until the policy holds the statement."""
    browser = Browser(console.url)
    writes = console.sandbox.policy(repository)["writes"]
    clicked = time.time()
    answer = browser.submit(f"/containers/{REGION}/{service}/repositories", repository=repository)
    if answer.status != 200:
        raise RuntimeError(f"Add was answered with {answer.status}: {answer.text[:500]}")
    browser.close()
    return _written(console.sandbox, service, repository, writes) - clicked


def _written(sandbox: RunningSandbox, service: str, repository: str, writes: int) -> float:
    """The moment at which the sandbox took the policy that names the service's role."""
    now: dict[str, Any] = until(lambda: sandbox.policy(repository), lambda seen: seen["writes"] > writes, seconds=60)
    arn = sandbox.service(service)["privateRegistryAccess"]["ecrImagePullerRole"]["principalArn"]
    first = next(each for each in now["revisions"][-(now["writes"] - writes) :])
    if arn not in json.dumps(first["policy"]):
        raise RuntimeError(f"the first write to {repository} does not name {arn}: {first}")
    moment: float = first["at"]
    return moment


def guide(sandbox: RunningSandbox, service: str, repository: str) -> float:
    """Seconds that AWS's guide takes, with a person who edits the policy in no time at all."""
    writes = sandbox.policy(repository)["writes"]
    began = time.time()
    access = "ecrImagePullerRole={isActive=true}"
    _aws(
        sandbox, "lightsail", "update-container-service", "--service-name", service, "--private-registry-access", access
    )
    time.sleep(GUIDE_WAITS)
    found = _aws(sandbox, "lightsail", "get-container-services", "--service-name", service)
    role = json.loads(found)["containerServices"][0]["privateRegistryAccess"]["ecrImagePullerRole"]
    there = _aws(sandbox, "ecr", "get-repository-policy", "--repository-name", repository, may_fail=True)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as policy:
        policy.write(json.dumps(_edited(there, service, role["principalArn"])))
        policy.flush()
        text = f"file://{policy.name}"
        _aws(sandbox, "ecr", "set-repository-policy", "--repository-name", repository, "--policy-text", text)
    return _written(sandbox, service, repository, writes) - began


def _edited(there: str, service: str, arn: str) -> dict[str, Any]:
    policy = json.loads(json.loads(there)["policyText"]) if there else {"Version": "2008-10-17", "Statement": []}
    statement = {
        "Sid": f"AllowLightsailPull-{service}",
        "Effect": "Allow",
        "Principal": {"AWS": arn},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    }
    return {**policy, "Statement": [*policy["Statement"], statement]}


def _aws(sandbox: RunningSandbox, *arguments: str, may_fail: bool = False) -> str:
    command = [sys.executable, str(AWS), "--endpoint-url", sandbox.url, "--output", "json", *arguments]
    environment = {"PATH": os.environ["PATH"], **AWS_ENVIRONMENT}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0 and not may_fail:
        raise RuntimeError(f"aws {' '.join(arguments)}: {done.stderr}")
    return done.stdout if done.returncode == 0 else ""

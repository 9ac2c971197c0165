"""The GitHub Action: its steps run in a shell, with their expressions filled in, on the sandbox."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.console import ROOT
from tests.sandbox_server import AWS_ENVIRONMENT, start_sandbox

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
SERVICE, IMAGE = "storefront-web", "storefront/web:5.2.1"


@pytest.fixture(scope="module")
def sandbox():
    with start_sandbox(deployment_seconds=0, patience_seconds=0, activation_seconds=0) as running:
        yield running


@pytest.fixture(scope="module")
def temp(tmp_path_factory):
    """The runner's folder, with Sailpass where the action's first step installs it: this checkout's own."""
    folder = tmp_path_factory.mktemp("runner")
    programs = folder / "sailpass" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    command = f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m app.cli "$@"\n'
    (programs / "sailpass").write_text(command)
    (programs / "sailpass").chmod(0o755)
    return folder


# Stands for python3: what is called is written down, and `-m venv` makes a folder whose python does the same.
RECORDER = """#!/bin/sh
echo "$@" >> "$RUNNER_TEMP/calls"
if [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; fi
"""


def test_what_the_lock_names_is_installed_and_nothing_else(tmp_path):
    stand_in = tmp_path / "bin" / "python3"
    stand_in.parent.mkdir()
    stand_in.write_text(RECORDER)
    stand_in.chmod(0o755)
    install, _ = ACTION["runs"]["steps"]
    assert run(install, tmp_path, {}, first=stand_in.parent).returncode == 0
    venv, lock, own = (tmp_path / "calls").read_text().splitlines()
    assert venv == f"-m venv {tmp_path}/sailpass"
    assert lock.endswith(f"--require-hashes --requirement {ROOT}/requirements.lock")
    assert own.endswith(f"--no-deps {ROOT}")


def run(
    step: dict, temp: Path, inputs: dict[str, str], first: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub's runner does: `bash -e -o pipefail`, its expressions filled in from inputs and contexts."""
    values = {f"inputs.{name}": str(each.get("default", "")) for name, each in ACTION["inputs"].items()}
    values |= {f"inputs.{name}": value for name, value in inputs.items()}
    values |= {"github.action_path": str(ROOT), "runner.temp": str(temp)}
    own = {
        name: re.sub(r"\$\{\{ *([\w.]+) *\}\}", lambda match: values[match[1]], text)
        for name, text in step["env"].items()
    }
    assert "${{" not in step["run"]  # inputs reach the script by variables alone, so that none is run as a command
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAILPASS_", "PYTHON"))}
    path = f"{first}{os.pathsep}{kept['PATH']}" if first else kept["PATH"]
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
        env={**kept, "PATH": path, "RUNNER_TEMP": str(temp), **environment, **own},
        cwd=temp,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def deploys(temp, sandbox, tmp_path):
    """Runs the action's last step on a fresh sandbox; what it printed, its status and its outputs."""
    sandbox.reset()
    output = tmp_path / "output"

    def deployed(**inputs: str) -> tuple[int, str, dict[str, str]]:
        output.write_text("")
        _, step = ACTION["runs"]["steps"]
        aws = {**AWS_ENVIRONMENT, "AWS_ENDPOINT_URL": sandbox.url, "GITHUB_OUTPUT": str(output)}
        ran = run(step, temp, {"service": SERVICE, "image": IMAGE, "region": "us-east-1", **inputs}, **aws)
        outputs = dict(line.split("=", 1) for line in output.read_text().splitlines())
        return ran.returncode, ran.stdout + ran.stderr, outputs

    return deployed


def test_an_image_is_deployed_and_a_later_step_of_the_job_tells_nothing_of_it(deploys, sandbox):
    status, said, outputs = deploys()
    assert (status, outputs) == (0, {"outcome": "succeeded", "cause": "", "version": "4"}), said
    assert sandbox.service(SERVICE)["currentDeployment"]["containers"]["web"]["image"].endswith("storefront/web:5.2.1")
    status, said, outputs = deploys(service="storefrnot-web")
    assert (status, outputs) == (2, {"outcome": "", "cause": "", "version": ""}), said


def test_a_failure_ends_the_job_with_its_cause(deploys, sandbox):
    status, said, outputs = deploys(image="payments/api:3.12.0", container="web")
    assert (status, outputs["outcome"], outputs["cause"]) == (1, "failed", "policy.missing")
    assert "The repository payments/api has no repository policy" in said


def test_access_is_given_on_request(deploys, sandbox):
    status, said, outputs = deploys(image="payments/api:3.12.0", container="web", grant="true")
    assert (status, outputs["outcome"]) == (0, "succeeded"), said


def test_no_input_is_run_as_a_command(deploys, temp):
    status, _, _ = deploys(image='x"; touch pwned; "', container="$(touch pwned)")
    assert (status, (temp / "pwned").exists()) == (2, False)

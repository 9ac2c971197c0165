"""A stop ends in time: by its budget, by whatever starts the process, and before anything is served."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from app import stopping
from tests.console import ROOT, SECONDS, STOPS_WITHIN
from tests.sandbox_server import AWS_ENVIRONMENT

NAMESPACE = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]
SERVE = "from app.cli import main; main(['serve'])"
FORCED = """
import sys, threading, time
from app import stopping
stopping.STOPS_WITHIN = 0.2
end = stopping.ForcedEnd()
def refuse(*_):
    raise RuntimeError("can't start new thread")
threading.Thread.start = refuse
end.begin()
time.sleep(60)
"""


def test_the_parts_of_a_stop_leave_time_for_the_rest_within_what_is_promised():
    parts = stopping.REQUESTS_END_WITHIN + stopping.WRITES_END_WITHIN
    assert parts + 2 <= stopping.STOPS_WITHIN <= STOPS_WITHIN - 2


def test_nothing_that_starts_it_ends_it_sooner():
    unit = (ROOT / "deploy" / "sailpass.service").read_text()
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    (pod,) = (
        each["spec"]["template"]["spec"]
        for each in yaml.safe_load_all((ROOT / "deploy" / "kubernetes.yaml").read_text())
        if each["kind"] == "Deployment"
    )
    (container,) = pod["containers"]
    pause = float(container["lifecycle"]["preStop"]["exec"]["command"][1])
    replicas = [service for service in compose["services"].values() if "build" in service]
    graces = {
        "systemd": float(unit.partition("TimeoutStopSec=")[2].partition("\n")[0]),
        "kubernetes": pod["terminationGracePeriodSeconds"] - pause,
        **{
            str(number): float(service["stop_grace_period"].removesuffix("s"))
            for number, service in enumerate(replicas)
        },
    }
    assert len(graces) == 4
    assert {name: grace for name, grace in graces.items() if grace <= STOPS_WITHIN} == {}


def test_systemd_starts_it_again_after_it_has_ended_itself():
    """It ends itself by SIGTERM where only a new process can help; `on-failure` takes that for a stop."""
    unit = (ROOT / "deploy" / "sailpass.service").read_text()
    assert "\nRestart=always\n" in unit


def test_a_process_that_may_start_no_more_threads_ends_too():
    done = subprocess.run([sys.executable, "-c", FORCED], cwd=ROOT, timeout=SECONDS, capture_output=True, check=False)
    assert (done.returncode, b"did not stop within" in done.stderr) == (1, True)


@pytest.fixture
def starting(tmp_path):
    """Starts the server on a database that takes connections and never answers; the process, once it waits for it."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        listener.settimeout(SECONDS)
        host, port = listener.getsockname()
        around = {
            **os.environ,
            **AWS_ENVIRONMENT,
            "SAILPASS_DATABASE_URL": f"postgresql+psycopg://{host}:{port}/sailpass",
        }
        around |= {"SAILPASS_DATA_DIR": str(tmp_path), "SAILPASS_INSTANCE": "one", "SAILPASS_REGIONS": "us-east-1"}

        def start(*before):
            command = [*before, sys.executable, "-c", SERVE]
            process = stack.enter_context(subprocess.Popen(command, cwd=ROOT, env=around))
            stack.callback(process.kill)
            stack.enter_context(listener.accept()[0])
            return process

        yield start


def can_make_namespaces():
    return shutil.which("unshare") is not None and subprocess.run([*NAMESPACE, "true"], check=False).returncode == 0


@pytest.mark.skipif(not can_make_namespaces(), reason="this system makes no process namespaces")
def test_the_first_process_of_a_container_stops_before_anything_is_served(starting):
    """The kernel keeps SIGTERM from a first process that has no handler: it would run on until it is killed."""
    outside = starting(*NAMESPACE)
    first = int(Path(f"/proc/{outside.pid}/task/{outside.pid}/children").read_text())
    os.kill(first, signal.SIGTERM)
    assert outside.wait(STOPS_WITHIN) == 128 + signal.SIGTERM


def test_any_other_process_ends_by_the_signal_itself(starting):
    process = starting()
    process.terminate()
    assert process.wait(STOPS_WITHIN) == -signal.SIGTERM


def test_a_handler_of_somebody_else_is_left_alone():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        stopping.end_by_sigterm()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)

"""What the server prints before it serves, and what it leaves to the garbage collector."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.console import ROOT, start_console, surroundings
from tests.sandbox_server import start_sandbox

WARNING = "SAILPASS_AUTH=none turns sign-in off"
# The command itself, which ends as soon as it has settled.
SERVE_UNTIL_SETTLED = """
import gc, os, signal, sys
from app import collector

rest, settle = collector.rest, collector.settle

def rests():
    print("imported before:", "app.serving" in sys.modules)
    rest()

def settles():
    print("collects while it starts:", gc.isenabled())
    settle()
    print("collects from now on:", gc.isenabled(), "visits what was loaded:", gc.get_freeze_count() < 100_000, flush=True)
    os.kill(os.getpid(), signal.SIGTERM)

collector.rest, collector.settle = rests, settles
from app.cli import main
main(["serve"])
"""


@pytest.mark.parametrize("auth, warns", [("none", True), ("local", False)])
def test_a_console_without_sign_in_says_so(tmp_path, auth, warns):
    with start_console(tmp_path, auth=auth) as console:
        assert (WARNING in console.log()) is warns


def test_what_the_start_loads_is_never_visited_by_the_collector(tmp_path):
    command = [sys.executable, "-c", SERVE_UNTIL_SETTLED]
    with start_sandbox() as sandbox:
        around = surroundings(sandbox, tmp_path, {})
        served = subprocess.run(command, cwd=ROOT, env=around, capture_output=True, text=True, timeout=60, check=False)
    assert [line for line in served.stdout.splitlines() if line.endswith(("True", "False"))] == [
        "imported before: False",
        "collects while it starts: False",
        "collects from now on: True visits what was loaded: False",
    ]

"""How long `make demo` takes to its ready line when everything has been set up before."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time

from benchmarks.figures import Figure, Report, median
from tests.console import ROOT, free_port

RUNS = 5


def run() -> Report:
    with tempfile.TemporaryDirectory() as folder:
        first, *later = [ready_after(folder) for _ in range(RUNS + 1)]
    figure = Figure(f"make demo to ready, second run (median of {RUNS})", median(later), "s", at_most=2)
    return Report([figure], details={"first_seconds": first, "seconds": later})


def ready_after(data_dir: str) -> float:
    """Seconds from the command to its ready line; it is then stopped as Ctrl-C does."""
    settings = {"PORT": free_port(), "SANDBOX_PORT": free_port(), "DATA_DIR": data_dir}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAILPASS_", "MAKE"))}
    environment = {**kept, **{f"SAILPASS_{name}": str(value) for name, value in settings.items()}}
    began = time.perf_counter()
    with subprocess.Popen(
        ["make", "--no-print-directory", "demo"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as demo:
        assert demo.stdout  # noqa: S101  (it is a pipe)
        ready = any(line.startswith("Sailpass is ready: ") for line in iter(demo.stdout.readline, ""))
        seconds = time.perf_counter() - began
        if ready:
            os.killpg(demo.pid, signal.SIGINT)
        demo.communicate(timeout=20)
    if not ready:
        raise RuntimeError("make demo ended before it was ready")
    return seconds

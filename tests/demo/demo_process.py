"""Runs `sailpass demo` for tests, from a folder of its own, and records each connection that it makes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.console import ROOT, free_port

FROM_CHECKOUT = (sys.executable, "-m", "app", "demo")
# Runs at the start of every Python process of the demo: the console's and the sandbox's.
RECORDER = """
import os, sys

def record(event, arguments):
    if event == "socket.connect" and not isinstance(arguments[1], (str, bytes)):
        line = f"{arguments[1][0]}:{arguments[1][1]}"
    elif event == "socket.getaddrinfo":
        line = f"{arguments[0]}:{arguments[1]}"
    else:
        return
    descriptor = os.open(os.environ["RECORD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, (line + "\\n").encode())
    os.close(descriptor)

sys.addaudithook(record)
"""


@dataclass
class Demo:
    url: str
    sandbox: str
    record: Path

    def get(self, path: str, **headers: str) -> str:
        """A page. Underscores in header names become hyphens."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        with opener.open(urllib.request.Request(self.url + path, headers=sent), timeout=20) as answer:
            return answer.read().decode()

    def post(self, path: str, **fields: str) -> str:
        """Send a form as a browser does; the page that it is led to."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        form = urllib.request.Request(self.url + path, urllib.parse.urlencode(fields).encode())
        form.add_header("Origin", self.url)
        with opener.open(form, timeout=20) as answer:
            return answer.geturl().removeprefix(self.url)

    def strangers(self) -> set[str]:
        """Whom it has tried to reach besides its sandbox and its own address."""
        lines = set(self.record.read_text().splitlines())
        own = {
            f"{host}:{port}"
            for host in ("127.0.0.1", "localhost")
            for port in (self.sandbox, self.url.rpartition(":")[2])
        }
        return lines - own


@contextlib.contextmanager
def running_demo(
    folder: Path, environment: Mapping[str, str], command: Sequence[str | Path] = FROM_CHECKOUT
) -> Iterator[Demo]:
    """The demo, ready; `environment` wins over what it gets from here."""
    (folder / "recorder").mkdir(parents=True)
    (folder / "recorder" / "sitecustomize.py").write_text(RECORDER)
    port, sandbox = str(free_port()), str(free_port())
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAILPASS_"))}
    around = {
        **kept,
        "HOME": str(folder),
        "SAILPASS_PORT": port,
        "SAILPASS_SANDBOX_PORT": sandbox,
        "SAILPASS_DATA_DIR": str(folder / "data"),
        "PYTHONPATH": f"{folder / 'recorder'}:{ROOT}",
        "RECORD": str(folder / "record.txt"),
        **environment,
    }
    with subprocess.Popen(
        command,
        cwd=folder,
        env=around,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line.startswith("Sailpass is ready: "), process.communicate(timeout=20)
            yield Demo(f"http://127.0.0.1:{port}", sandbox, folder / "record.txt")
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)

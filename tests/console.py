"""Starts the console for tests: a real `sailpass serve` in its own process, on a sandbox in a thread of this one.

with start_console(tmp_path) as console:
    console.get("/api/v1/services")
    console.sandbox.policy("storefront/web")

A test module that wants one for all of its tests imports the fixture: `from tests.console import console`.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest

from tests.fork_server import Process
from tests.sandbox_server import AWS_ENVIRONMENT, RunningSandbox, start_sandbox

ROOT = Path(__file__).resolve().parent.parent
REGIONS = "us-east-1,ap-northeast-1"
SECONDS = 60.0
STOPS_WITHIN = 15.0  # as docs/reliability.md promises

# The command itself; it ends when its standard input ends, so that none is left behind however the tests end.
SERVE = """
import os, signal, sys, threading

def end_with_parent():
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=end_with_parent, daemon=True).start()
if limit := os.environ.get("OPEN_FILES"):
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(limit), int(limit)))
from app.cli import main
main(["serve"])
"""

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What the console answered."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class RunningConsole:
    """A console that serves at `url`; `environment` is what a command needs to work beside it."""

    url: str
    sandbox: RunningSandbox
    data_dir: Path
    process: subprocess.Popen[str]
    environment: dict[str, str] = field(repr=False)
    root: Path = ROOT
    sign_in_link: str = field(default="", repr=False)
    stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, repr=False)

    def kill(self) -> None:
        """End it as a crash does: at once."""
        self.process.kill()
        self.process.wait()

    def start_again(self) -> None:
        """Serve once more at the same address, with the same data and sandbox."""
        self.process = self.stack.enter_context(_process(self.environment, self.data_dir / "log.txt", self.root))
        self.url, self.sign_in_link = _printed(self.process, self.environment, self.data_dir)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send one request; a body that is no text is sent as JSON. Underscores in header names become hyphens."""
        wanted = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, str | bytes):
            body = json.dumps(body)
            wanted.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=SECONDS)
        with contextlib.closing(connection):
            payload = body.encode() if isinstance(body, str) else body
            connection.request(method, path, payload, wanted)
            response = connection.getresponse()
            text = response.read().decode()
            return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, text)

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.send("POST", path, body, **headers)

    def log(self) -> str:
        """What it has written to its log so far."""
        return (self.data_dir / "log.txt").read_text()


def until(look: Callable[[], T], holds: Callable[[T], Any] = bool, seconds: float = SECONDS) -> T:
    """Look again and again until what is seen holds; what was seen. Fails after `seconds`."""
    end, pause = time.monotonic() + seconds, 0.01
    while not holds(seen := look()):
        assert time.monotonic() < end, f"it never came to hold; last seen: {seen!r}"
        time.sleep(pause)
        pause = min(0.05, 1.2 * pause)
    return seen


_ports = itertools.count(97 * os.getpid())


def free_port() -> int:
    """Return a port without a listener, below those that the system gives to others before it is bound again."""
    while True:
        port = 11_000 + next(_ports) % 20_000
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


@contextlib.contextmanager
def start_console(
    data_dir: Path,
    *,
    sandbox: RunningSandbox | None = None,
    sandbox_options: Mapping[str, Any] | None = None,
    open_files: int | None = None,
    root: Path = ROOT,
    **settings: Any,
) -> Iterator[RunningConsole]:
    """The console on a free port, ready and with what exists in AWS read once.

    `settings` are SAILPASS_ settings in lower case; `sandbox` is one that runs already, else one is started with
    `sandbox_options`. `open_files` is the most that its process may open; `root` is the source tree that it runs.
    """
    with contextlib.ExitStack() as stack:
        endpoint = sandbox or stack.enter_context(start_sandbox(**(sandbox_options or {})))
        data_dir.mkdir(parents=True, exist_ok=True)
        environment = surroundings(endpoint, data_dir, settings)
        if open_files is not None:
            environment["OPEN_FILES"] = str(open_files)
        environment["PYTHONPATH"] = str(root)
        process = stack.enter_context(_process(environment, data_dir / "log.txt", root))
        url, link = _printed(process, environment, data_dir)
        environment["SAILPASS_URL"] = url
        yield RunningConsole(url, endpoint, data_dir, process, environment, root, link, stack)


def _printed(process: subprocess.Popen[str], environment: Mapping[str, str], data_dir: Path) -> tuple[str, str]:
    """Where the console is and, where people sign in, the link that it prints; waits until it is ready."""
    wanted = ["Sailpass is ready: ", *(["Sign in: "] if environment["SAILPASS_AUTH"] == "local" else [])]
    found = []
    assert process.stdout
    for beginning in wanted:
        line = next((line for line in process.stdout if line.startswith(beginning)), "")
        assert line, (data_dir / "log.txt").read_text()
        found.append(line.removeprefix(beginning).strip())
    return found[0], "".join(found[1:])


def surroundings(endpoint: RunningSandbox, data_dir: Path, settings: Mapping[str, Any]) -> dict[str, str]:
    """The environment of a console, and of commands beside it; `settings` are as those of `start_console`."""
    chosen = {"auth": "none", "port": free_port(), "regions": REGIONS, "data_dir": data_dir, **settings}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAILPASS_"))}
    ours = {f"SAILPASS_{name.upper()}": str(value) for name, value in chosen.items()}
    return {**kept, **AWS_ENVIRONMENT, "AWS_ENDPOINT_URL": endpoint.url, "PYTHONPATH": str(ROOT), **ours}


@contextlib.contextmanager
def _process(environment: Mapping[str, str], log: Path, root: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", SERVE]
    pipe = subprocess.PIPE
    with (
        log.open("a") as to_log,
        # Another release's code can't run in a fork that has imported this one's.
        Process(
            command, spawn=root != ROOT, env=environment, cwd=root, stdin=pipe, stdout=pipe, stderr=to_log, text=True
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningConsole]:
    """One console, with a sandbox of its own, for all tests of a module."""
    with start_console(tmp_path_factory.mktemp("console")) as running:
        yield running

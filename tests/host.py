"""A replica without the web, in its own process: to be killed, stopped and resumed.

Run as a script it is that process: it takes what is asked for as lines of JSON, answers each with the operation's id,
and ends in order when its standard input ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.fork_server import Process

ROOT = Path(__file__).resolve().parent.parent


class Host:
    """A running replica."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._asking = threading.Lock()

    def ask(self, **asked: Any) -> Any:
        with self._asking:
            assert self.process.stdin
            assert self.process.stdout
            self.process.stdin.write(json.dumps(asked) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())

    def start(self, kind: str, service: str, repository: str = "", **asked: Any) -> str:
        """Ask for an operation: its id."""
        return self.ask(do="start", kind=kind, service=service, repository=repository, input=asked)

    def start_batch(self, kind: str, service: str, repositories: list[str], *more_services: str) -> str:
        """Ask for a batch: its id."""
        return self.ask(do="batch", kind=kind, services=[service, *more_services], repositories=repositories)

    def cancel_batch(self, batch_id: str) -> None:
        self.ask(do="cancel_batch", id=batch_id)

    def cancel(self, operation_id: str) -> bool:
        return self.ask(do="cancel", id=operation_id)

    def work(self) -> list[str]:
        """Return the operations that are running in it."""
        return self.ask(do="work")

    def kill(self) -> None:
        """As a power cut: nothing is tidied up."""
        self.process.kill()
        self.process.wait(20)

    def stall(self) -> None:
        """Stop it in the middle of its work, without its knowledge."""
        self.process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> int:
        """End in order: the exit status."""
        assert self.process.stdin
        self.process.stdin.close()
        return self.process.wait(20)

    def dies(self) -> int:
        """Wait until it has died on its own; return how."""
        return self.process.wait(20)


@contextlib.contextmanager
def start_host(endpoint: str, folder: Path, *, at: dict[str, str] | None = None, **options: Any) -> Iterator[Host]:
    """A replica on a sandbox, ready.

    Args:
        endpoint: the sandbox's address.
        folder: where SQLite lives, and its log.
        at: what it does to itself at named points right before or after a change: `KILL` or `STOP`.
        options: `settings`, `pace`; `engine_version`, as of a release that changed the order of steps; `newer`: a
            release that can do one thing more.
    """
    environment = {**os.environ, "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1"}
    environment |= {"AWS_ACCESS_KEY_ID": "AKID123456789012", "AWS_SECRET_ACCESS_KEY": "sandbox"}
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {**options, "at": at or {}, "data_dir": str(folder)}
    name = options.get("settings", {}).get("instance", "local")
    with (folder / f"{name}.log").open("a") as log:
        process = Process(
            [sys.executable, "-m", "tests.host", json.dumps(wanted)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=ROOT,
            env=environment,
        )
    with process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line == '"ready"\n', (line, (folder / f"{name}.log").read_text())
            yield Host(process)
        finally:
            process.kill()


def _crash(at: dict[str, str]) -> Any:
    def crash(point: str) -> None:
        if point in at:
            os.kill(os.getpid(), getattr(signal, f"SIG{at.pop(point)}"))

    return crash


async def _answer(services: Any, asked: dict[str, Any]) -> Any:
    from app.operations.start import Ask  # noqa: PLC0415
    from app.operations.state import Kind  # noqa: PLC0415

    if asked["do"] == "work":
        return sorted(services.running.ids)
    if asked["do"] == "cancel_batch":
        return await asyncio.to_thread(services.batches.cancel, asked["id"], "ken")
    if asked["do"] == "batch":
        from app.operations.batches import NewItem  # noqa: PLC0415

        pairs = [(service, name) for service in asked["services"] for name in asked["repositories"]]
        items = [NewItem("us-east-1", service, name) for service, name in pairs]
        return await asyncio.to_thread(services.batches.start, Kind(asked["kind"]), items, "mika")
    if asked["do"] == "cancel":
        return await asyncio.to_thread(services.starter.cancel, asked["id"], "ken")
    ask = Ask(Kind(asked["kind"]), "us-east-1", asked["service"], asked["repository"], "mika", asked["input"])
    return await asyncio.to_thread(services.starter.start, ask)


def _become_another_release(options: dict[str, Any]) -> None:
    from app import bootstrap  # noqa: PLC0415
    from app.operations import engine, policy_steps  # noqa: PLC0415

    if "engine_version" in options:
        engine.VERSION = bootstrap.VERSION = options["engine_version"]
    if options.get("newer"):
        policy_steps.MERGES = 7

        @engine.workflow("operation.newcomer")
        async def newcomer(operation_id: str) -> str:
            return operation_id


async def _serve(options: dict[str, Any]) -> None:
    from app.bootstrap import build  # noqa: PLC0415
    from app.operations.lease import Pace  # noqa: PLC0415
    from app.settings import load  # noqa: PLC0415

    _become_another_release(options)
    settings = load(data_dir=options["data_dir"], regions="us-east-1", **options.get("settings", {}))
    pace = Pace(**options.get("pace", {}))
    services = build(settings, pace=pace, crash=_crash(options["at"]), late_write_seconds=1)
    services.claim()
    await services.start()
    print('"ready"', flush=True)  # noqa: T201  (the test waits for it)
    lines = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        print(json.dumps(await _answer(services, json.loads(line))), flush=True)  # noqa: T201  (the answer)
    await services.stop()


if __name__ == "__main__":
    import logging

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(_serve(json.loads(sys.argv[1])))

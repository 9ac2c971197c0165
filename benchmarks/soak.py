"""`python -m benchmarks.soak`: an hour of open modals and grants on one process, and what its memory does meanwhile.

Fifty dialogs poll operations that wait for their roles; every two seconds a service is granted a repository, and the
grant of some minutes ago is revoked. Memory is read each minute from outside: `sailpass serve` is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from app.db import Database
from app.history.models import Operation
from benchmarks.browser import Browser
from benchmarks.figures import HEADER, Figure, as_markdown, as_text, row
from benchmarks.starting import OPERATION, REGION, repositories, services_by_role, until_quiet
from tests.console import ROOT, RunningConsole, start_console
from tests.sandbox_server import RunningSandbox, start_sandbox_process

RESULT = ROOT / "benchmarks" / "results" / "soak.json"
DOCUMENT = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- soak:begin -->", "<!-- soak:end -->"
MODALS = 50
EVERY = 2.0  # seconds between two grants
REVOKED_AFTER = 60  # grants after which one is revoked, so that policies stay as long as they are
ROLE_WAIT = 300  # seconds after which a dialog's operation gives up on its role, and the dialog asks again
NEVER = 360_000.0
# Megabytes an hour that the second half may grow by: a leak of the size that was once seen would be 340.
STEADY = 12.0
LONG = 20  # minutes from which on a line through the second half says something
POLL = re.compile(r'hx-get="([^"]+/progress[^"]*)" hx-trigger="every (\d+)ms"')


@dataclass
class Load:
    """What the people of the soak have done so far."""

    polls: int = 0
    dialogs: int = 0
    grants: int = 0
    revokes: int = 0
    granted: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, name: str) -> None:
        with self.lock:
            setattr(self, name, getattr(self, name) + 1)


@dataclass(frozen=True)
class Sample:
    """The process at one moment: megabytes, threads, open files, and the requests answered so far."""

    minute: float
    rss: float
    threads: int
    files: int
    polls: int
    grants: int


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--docs", action="store_true", help="write the table into docs/reliability.md")
    options = parser.parse_args(arguments)
    with _console() as (console, sandbox):
        load, samples = Load(), []
        with _people(console, sandbox, load):
            samples = list(_samples(console, load, options.minutes))
        figures = _figures(console, load, samples)
    _keep(samples, figures)
    print(as_text([HEADER, *(row("soak", figure) for figure in figures)]))
    print("\n".join(load.errors[:10]))
    if options.docs:
        _write(figures, samples)
    return 1 if load.errors or any(figure.is_met is False for figure in figures) else 0


@contextmanager
def _console() -> Iterator[tuple[RunningConsole, RunningSandbox]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sandbox = stack.enter_context(
            start_sandbox_process(seed="large", services=120, repositories=200, activation_seconds=NEVER)
        )
        console = stack.enter_context(
            start_console(folder, sandbox=sandbox, regions=REGION, role_wait_seconds=ROLE_WAIT)
        )
        until_quiet(sandbox)
        yield console, sandbox


@contextmanager
def _people(console: RunningConsole, sandbox: RunningSandbox, load: Load) -> Iterator[None]:
    names = repositories(console)
    waiting = services_by_role(sandbox, active=False)
    load.granted = services_by_role(sandbox, active=True)[:8]
    watched = [(waiting[number % len(waiting)], names[number]) for number in range(MODALS)]
    pairs = [(service, name) for name in names[MODALS:] for service in load.granted]
    threads = [threading.Thread(target=_guarded, args=(load, _modal, console, *pair), daemon=True) for pair in watched]
    threads.append(threading.Thread(target=_guarded, args=(load, _granter, console, pairs), daemon=True))
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        load.over.set()
        for thread in threads:
            thread.join(70)


def _guarded(load: Load, person: Any, *args: Any) -> None:
    try:
        person(load, *args)
    except Exception as error:  # noqa: BLE001  (told with the figures)
        load.errors.append(f"{person.__name__}: {error!r}")


def _modal(load: Load, console: RunningConsole, service: str, repository: str) -> None:
    """Hold one dialog open: poll as its page says, and add the repository again once the operation has ended."""
    browser = Browser(console.url)
    while not load.over.is_set():
        picture = _submit(browser, f"/containers/{REGION}/{service}/repositories", repository)
        load.count("dialogs")
        while (poll := POLL.search(picture)) and not load.over.wait(int(poll[2]) / 1000):
            answer = browser.get(poll[1].replace("&amp;", "&"), htmx=True)
            load.count("polls")
            if answer.status not in (200, 204):
                raise RuntimeError(f"{answer.status} for {poll[1]}")
            picture = answer.text or picture
        load.over.wait(EVERY)


def _granter(load: Load, console: RunningConsole, pairs: list[tuple[str, str]]) -> None:
    browser, number = Browser(console.url), 0
    due = time.monotonic()
    while not load.over.wait(max(0.0, due - time.monotonic())):
        due += EVERY
        service, repository = pairs[number % len(pairs)]
        _submit(browser, f"/containers/{REGION}/{service}/repositories", repository)
        load.count("grants")
        if number >= REVOKED_AFTER:
            service, repository = pairs[(number - REVOKED_AFTER) % len(pairs)]
            _submit(browser, f"/containers/{REGION}/{service}/repositories/remove", repository)
            load.count("revokes")
        number += 1


def _submit(browser: Browser, path: str, repository: str) -> str:
    answer = browser.submit(path, repository=repository)
    if answer.status != 200 or not OPERATION.search(answer.text):
        raise RuntimeError(f"{answer.status} for {path} and {repository}: {answer.text[:300]}")
    return answer.text


def _samples(console: RunningConsole, load: Load, minutes: float) -> Iterator[Sample]:
    began, number = time.monotonic(), 0
    while number <= minutes and not load.errors:
        load.over.wait(max(0.0, began + 60 * number - time.monotonic()))
        sample = _sample(console.process.pid, (time.monotonic() - began) / 60, load)
        print(
            f"minute {sample.minute:5.1f}  {sample.rss:6.1f} MB  {sample.threads} threads  {sample.files} files  "
            f"{sample.polls:,} polls  {sample.grants:,} grants",
            flush=True,
        )
        yield sample
        number += 1


def _sample(pid: int, minute: float, load: Load) -> Sample:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    files = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208  (names only, of a folder that changes meanwhile)
    rss = int(status["VmRSS"].split()[0]) / 1024
    return Sample(minute, rss, int(status["Threads"]), files, load.polls, load.grants)


def _figures(console: RunningConsole, load: Load, samples: list[Sample]) -> list[Figure]:
    minutes, half = samples[-1].minute, samples[len(samples) // 2 :]
    return [
        Figure("minutes", minutes, "min"),
        Figure("polls of 50 open dialogs", load.polls, "requests"),
        Figure("grants", load.grants, "operations"),
        Figure("revokes", load.revokes, "operations"),
        Figure("grants and revokes that failed", _failed(console, load.granted), "operations", at_most=0),
        Figure("memory at the start", samples[0].rss, "MB"),
        Figure("memory after 10 minutes", min(samples, key=lambda each: abs(each.minute - 10)).rss, "MB"),
        Figure("memory at the end", samples[-1].rss, "MB"),
        Figure(
            "growth in the second half", 60 * slope(half), "MB an hour", at_most=STEADY if minutes >= LONG else None
        ),
        Figure("threads at the end", samples[-1].threads, "threads", at_most=64),
        Figure("open files at the end", samples[-1].files, "files"),
    ]


def _failed(console: RunningConsole, services: Sequence[str]) -> int:
    """How many operations of these services failed."""
    db = Database(f"sqlite:///{console.data_dir}/sailpass.db")
    failed = select(func.count()).select_from(Operation).where(Operation.outcome == "failed")
    try:
        with db.read() as session:
            return session.scalar(failed.where(Operation.service.in_(services))) or 0
    finally:
        db.close()


def slope(samples: Sequence[Sample]) -> float:
    """Megabytes a minute, by the line that fits best; 0 where there is no line."""
    count = len(samples)
    minute, rss = (sum(values) / max(1, count) for values in zip(*((s.minute, s.rss) for s in samples), strict=True))
    spread = sum((sample.minute - minute) ** 2 for sample in samples)
    return sum((s.minute - minute) * (s.rss - rss) for s in samples) / spread if spread else 0.0


def _keep(samples: list[Sample], figures: list[Figure]) -> None:
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    document = {"figures": [asdict(each) for each in figures], "samples": [asdict(each) for each in samples]}
    RESULT.write_text(json.dumps(document, indent=2) + "\n")


def _write(figures: list[Figure], samples: list[Sample]) -> None:
    every = [sample for sample in samples if round(sample.minute) % 5 == 0]
    lines = [("minute", "MB", "threads", "open files", "polls", "grants")]
    lines += [
        (f"{s.minute:.0f}", f"{s.rss:.1f}", str(s.threads), str(s.files), f"{s.polls:,}", f"{s.grants:,}")
        for s in every
    ]
    table = f"{as_markdown([HEADER[1:], *(row('soak', figure)[1:] for figure in figures)])}\n\n{as_markdown(lines)}"
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

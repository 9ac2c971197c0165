"""A console that has read all there is: whatever changes on its pages from then on, a test has changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.console import RunningConsole, start_console, until
from tests.reader import Reader


@contextmanager
def informed_console(folder: Path) -> Iterator[RunningConsole]:
    """Run one on a sandbox whose roles are soon active."""
    with start_console(folder) as running:
        Reader(running).knows()
        until(lambda: running.get("/api/v1/findings").json["coverage"], lambda coverage: coverage["whole"])
        running.sandbox.options(activation_seconds=0.3, principal_seconds=0.2)
        yield running

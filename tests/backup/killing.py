"""Runs a restore repeatedly in separate processes, each killed one step later than the one before.

Run as a script: it takes the data folder as it is before, the backup, and a folder to work in, and prints one JSON line
for each point at which a restore was killed: what the next start found, and whether a restore after that works.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command  # noqa: F401  (imported once, for every process that follows)

from app.backup.restoring import restore
from app.db import Database
from app.migrate import migrate
from app.settings import SettingsError, load
from tests.backup.conftest import operations_in, rows_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
# What changes names, or makes them last.
WATCHED = ("rename", "unlink", "fsync", "link")
KILLED = -signal.SIGKILL


def die_at(point: int) -> None:
    """Let this process be killed right before or after one of the calls that are watched."""
    passed = 0

    def step() -> None:
        nonlocal passed
        passed += 1
        if passed == point:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*values: Any, **named: Any) -> Any:
            if isinstance(values[0], Path | str) and not os.path.lexists(values[0]):
                return call(*values, **named)  # nothing to unlink
            step()
            result = call(*values, **named)
            step()
            return result

        return wrapped

    for name in WATCHED:
        setattr(os, name, watched(getattr(os, name)))


def in_child(work: Callable[[], object]) -> tuple[int, str]:
    """Do something in a process of its own: how that ended, and what came of it or the refusal."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, str(work()).encode())
        except SettingsError as error:
            os.write(writing, f"refused: {error}".encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), text


def next_start(folder: Path) -> str:
    settings = load(data_dir=folder)
    database = Database(settings.history_url)
    migrate(database)
    rows = rows_of(database)
    database.close()
    names = sorted(file.name for file in folder.iterdir() if "lock" not in file.name)
    kept = [operations_in(file) for file in folder.glob("sailpass.before-restore-*.db")]
    return json.dumps({"operations": operations_in(folder / "sailpass.db"), "rows": rows, "names": names, "kept": kept})


def killed_at(point: int, before: Path, backup: Path, folder: Path) -> bool:
    """Kill a restore there, and print what is found then. False: it ended before it came so far."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(before, folder)

    def run() -> None:
        die_at(point)
        restore(load(data_dir=folder), backup, NOW)

    ended, _ = in_child(run)
    found = in_child(lambda: next_start(folder))
    again = in_child(lambda: restore(load(data_dir=folder), backup, NOW).interrupted)
    print(json.dumps({"point": point, "killed": ended == KILLED, "found": found, "again": again}), flush=True)  # noqa: T201  (the test reads it)
    return ended == KILLED


def warm_up(before: Path, backup: Path, folder: Path) -> None:
    """Do all of it once in this process, so that its children need not compile every statement anew."""
    shutil.copytree(before, folder)
    restore(load(data_dir=folder), backup, NOW)
    next_start(folder)
    shutil.rmtree(folder)


if __name__ == "__main__":
    arguments = [Path(name) for name in sys.argv[1:]]
    warm_up(*arguments)
    number = 1
    while killed_at(number, *arguments):
        number += 1

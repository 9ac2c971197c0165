"""Run tests against a changed module, in a fork of a process that has imported the libraries.

The modules of the product are imported after the fork, the changed one from its new tree: nothing is written to the
checkout, and a fault in a module's constants or decorators counts as one in a function does.
"""

from __future__ import annotations

import ast
import atexit
import importlib.abc
import importlib.machinery
import importlib.util
import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import NoReturn

import pytest

# Imported once, for every fork: the libraries, and nothing of ours.
LIBRARIES = (
    "alembic.command",
    "bs4",
    "boto3",
    "dbos",
    "fastapi",
    "httpx",
    "hypothesis.strategies",
    "pydantic_settings",
    "pytest_asyncio",
    "sqlalchemy.orm",
    "uvicorn",
)
OPTIONS = (
    "-x",
    "-q",
    "--assert=plain",
    "--hypothesis-profile=mutants",
    "--override-ini=addopts=--import-mode=importlib",
    "--capture=no",  # a fork writes to a file of its own
    "-pno:cacheprovider",
    "-pno:xdist",
)


class Changed(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Import one module from a changed tree."""

    def __init__(self, file: Path, tree: ast.Module) -> None:
        super().__init__(".".join(file.with_suffix("").parts).removesuffix(".__init__"), str(file))
        self._tree = tree

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        is_ours = fullname == self.name
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self) if is_ours else None

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002  (the loader's protocol)
        return compile(self._tree, self.path, "exec", dont_inherit=True)


def import_libraries() -> None:
    for name in LIBRARIES:
        importlib.import_module(name)
    from hypothesis import Phase, settings  # noqa: PLC0415  (imported with the other libraries)

    phases = (Phase.explicit, Phase.generate)  # whether it fails is enough: no smaller example is looked for
    settings.register_profile("mutants", derandomize=True, database=None, phases=phases, deadline=None)


def play(files: Sequence[str], log: Path, seconds: float, changed: Sequence[Changed], plugin: object) -> int | None:
    """Return pytest's status for tests with changed modules; None if they take longer than that."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        become(log)
        sys.meta_path[:0] = changed
        run_pytest(files, plugin)
    return status_within(pid, seconds)


def run_pytest(files: Sequence[str], plugin: object) -> NoReturn:
    """Run test files and end this process with pytest's status."""
    status = int(pytest.main([*OPTIONS, *files], plugins=[plugin])) & 0xFF
    atexit._run_exitfuncs()  # noqa: SLF001  (stops the PostgreSQL of the tests, which an exit of a fork would leave)
    os._exit(status)


def become(log: Path) -> None:
    """Send what this process prints to a file."""
    target = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(target, stream)


def limit(test: pytest.Item, seconds: float) -> None:
    """End the process if the test takes longer than that: a fault that never ends is noticed too."""
    test.add_marker(pytest.mark.timeout(seconds, method="thread"))


def status_within(pid: int, seconds: float) -> int | None:
    """Return the exit status of a child; None, and its processes killed, if it takes longer than that."""
    ends = time.monotonic() + seconds
    exited = os.pidfd_open(pid)
    try:
        in_time = select.select([exited], [], [], max(0.0, ends - time.monotonic()))[0]
    finally:
        os.close(exited)
    if not in_time:
        os.killpg(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status if in_time else None

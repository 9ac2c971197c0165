"""Run the tests of a package against one fault in it, in a fork of a process that has imported the libraries.

The modules of the product are imported after the fork, the faulty one from a changed source: nothing is written to the
checkout, and a fault in a module's constants or decorators counts as one in a function does.
"""

from __future__ import annotations

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
    "-knot postgres",  # the same tests once more: they would take most of the time and notice hardly anything else
)
NOTHING_TO_RUN = 5  # pytest's status where every test of a file is left out
PLUGINS_OFF = ("-p", "no:cacheprovider", "-p", "no:xdist")


class Faulty(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Import one module from a changed source."""

    def __init__(self, file: Path, source: str) -> None:
        super().__init__(".".join(file.with_suffix("").parts).removesuffix(".__init__"), str(file))
        self._source = source

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        is_ours = fullname == self.name
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self) if is_ours else None

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002  (the loader's protocol)
        return compile(self._source, self.path, "exec", dont_inherit=True)


def import_libraries() -> None:
    for name in LIBRARIES:
        importlib.import_module(name)
    from hypothesis import Phase, settings  # noqa: PLC0415  (imported with the other libraries)

    phases = (Phase.explicit, Phase.generate)  # whether it fails is enough: no smaller example is looked for
    settings.register_profile("mutants", derandomize=True, database=None, phases=phases, deadline=None)


def passes(tests: Sequence[str], log: Path, seconds: float, fault: Faulty | None = None) -> bool | None:
    """Whether the tests pass, in this order, with a fault; None if they take longer than that."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        _become(log)
        if fault:
            sys.meta_path.insert(0, fault)
        import pytest  # noqa: PLC0415  (imported with the libraries)

        os._exit(int(pytest.main([*OPTIONS, *PLUGINS_OFF, *tests])) & 0xFF)
    return _status_within(pid, seconds)


def _become(log: Path) -> None:
    target = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(target, stream)


def _status_within(pid: int, seconds: float) -> bool | None:
    ends = time.monotonic() + seconds
    exited = os.pidfd_open(pid)
    try:
        in_time = select.select([exited], [], [], max(0.0, ends - time.monotonic()))[0]
    finally:
        os.close(exited)
    if not in_time:
        os.killpg(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status in {0, NOTHING_TO_RUN} if in_time else None

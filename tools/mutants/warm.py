"""Play faults in forks of a process that has collected a package's tests, and so imports and collects nothing again.

The fork gives the functions in which the fault is their faulty code, wherever decorators and registries keep them.
What runs while modules are imported cannot be changed that way: `tools.mutants.run.play` imports it.
"""

from __future__ import annotations

import ast
import gc
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from types import CodeType, FunctionType

import pytest

from tools.mutants.mutations import mutant
from tools.mutants.run import become, limit, run_pytest, status_within

Key = tuple[str, int]  # of a code: its name and its first line
NOT_APPLIED = 99


@dataclass(frozen=True)
class Job:
    """A fault, the tests to play against it in their order, with their limits in seconds, and where output goes."""

    file: Path
    number: int
    limits: dict[str, float]
    log: Path
    seconds: float


class Warm:
    """A process that has collected test files; close it by `close`."""

    def __init__(self, files: Sequence[str], log: Path) -> None:
        self._jobs, theirs = Pipe()
        self._pid = os.fork()
        if self._pid == 0:
            self._jobs.close()
            become(log)
            run_pytest(files, _Loop(theirs))
        theirs.close()

    def play(self, job: Job) -> int | None:
        """Return pytest's status; NOT_APPLIED where the fault is in no function, None if the tests take too long."""
        self._jobs.send(job)
        status: int | None = self._jobs.recv()
        return status

    def close(self) -> None:
        self._jobs.send(None)
        os.waitpid(self._pid, 0)


class _Loop:
    """A plugin of pytest that forks for each job instead of running tests; each fork runs the tests of its job."""

    def __init__(self, jobs: Connection) -> None:
        self._jobs = jobs

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        while job := self._jobs.recv():
            pid = os.fork()
            if pid == 0:
                _prepare(session, job)
                return None  # the usual loop goes on, with these tests
            self._jobs.send(status_within(pid, job.seconds))
        return True


def _prepare(session: pytest.Session, job: Job) -> None:
    os.setsid()
    become(job.log)
    if not apply_fault(job.file, mutant(job.file.read_text(), job.number).tree):
        os._exit(NOT_APPLIED)
    items = {item.nodeid: item for item in session.items}
    session.items[:] = [items[test] for test in job.limits]
    for item in session.items:
        limit(item, job.limits[item.nodeid])


def apply_fault(file: Path, tree: ast.Module) -> bool:
    """Give the functions of an imported module the code of a changed source with the same lines; False if none has it."""
    path = str(file.resolve())
    before, after = (
        _codes(compile(each, path, "exec", dont_inherit=True)) for each in (ast.parse(file.read_text()), tree)
    )
    changed = {key: code for key, code in after.items() if code != before.get(key)}
    gc.unfreeze()  # what is frozen is in no list of objects
    functions = [
        each
        for each in gc.get_objects()
        if isinstance(each, FunctionType) and each.__code__.co_filename == path and _key(each.__code__) in changed
    ]
    try:
        for function in functions:
            function.__code__ = changed[_key(function.__code__)]
    except ValueError:  # a closure with other variables
        return False
    return bool(functions)


def _codes(module: CodeType) -> dict[Key, CodeType]:
    """Return every code in a module's by its key, without those that share one, as two lambdas of a line do."""
    codes = list(_within(module))
    counts = Counter(map(_key, codes))
    return {_key(code): code for code in codes if counts[_key(code)] == 1}


def _within(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _within(constant)


def _key(code: CodeType) -> Key:
    return code.co_qualname, code.co_firstlineno

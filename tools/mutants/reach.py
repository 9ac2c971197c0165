"""Record which tests reach which statement, so that a fault is played only against the tests that can notice it.

Every statement of a function gets a call before it that notes its line: a call costs little in any thread, where a
trace function would slow down everything. What runs once while modules are imported belongs to every test, and what
runs while a fixture is made for many tests of a file belongs to each test of that file.
"""

from __future__ import annotations

import ast
import builtins
import json
import time
from collections.abc import Collection, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tools.mutants.mutations import statement_lines
from tools.mutants.run import limit

LEAST_SECONDS = 20.0  # for a test against a fault
NOTE = "_reached_"
# The lists of statements that a statement may hold.
BLOCKS = ("body", "orelse", "finalbody")

Run = Generator[None, object, object]


@dataclass(frozen=True)
class RecordedTest:
    """A test: how many seconds it takes without a fault, and the statements that it reaches, as `file:line`."""

    id: str
    seconds: float
    reached: frozenset[str]
    is_on_postgres: bool

    @property
    def file(self) -> str:
        return _file_of(self.id)

    @property
    def limit(self) -> float:
        """How many seconds it may take against a fault: one that never ends is noticed too."""
        return LEAST_SECONDS + 5 * self.seconds


@dataclass(frozen=True)
class Reach:
    """All tests of a package in their order, and the statements that run while modules are imported."""

    tests: tuple[RecordedTest, ...]
    imported: frozenset[str]

    def of(self, module: Path, statements: frozenset[str], files: Collection[str] = ()) -> list[RecordedTest]:
        """Return the tests that reach one of the statements, and those of some files, in the order to play them.

        First those of the file that is named after the module, then the files that take the least time. The tests of
        a file keep their order. Tests on PostgreSQL, the same ones once more, only where no others reach it.
        """
        chosen = [test for test in self.tests if test.reached & statements or test.file in files]
        chosen = [test for test in chosen if not test.is_on_postgres] or chosen
        seconds: dict[str, float] = {}
        for test in chosen:
            seconds[test.file] = seconds.get(test.file, 0.0) + test.seconds
        return sorted(chosen, key=lambda test: (Path(test.file).stem != f"test_{module.stem}", seconds[test.file]))


@dataclass(frozen=True, eq=False)
class Chosen:
    """A plugin of pytest that runs the tests of which a limit in seconds is given, and those that are not known.

    A fault may rename tests by their parameters.
    """

    limits: dict[str, float]
    known: Collection[str]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.nodeid in self.limits or item.nodeid not in self.known]
        for item in items:
            limit(item, self.limits.get(item.nodeid, LEAST_SECONDS))


def noting(file: Path) -> ast.Module:
    """Return a module with a call before each statement of its functions that notes the statement."""
    tree = ast.parse(file.read_text())
    lines = statement_lines(tree)
    for node in list(ast.walk(tree)):
        for name in BLOCKS:
            if isinstance(block := getattr(node, name, None), list):
                setattr(node, name, list(_with_notes(block, file, lines)))
    return ast.fix_missing_locations(tree)


def _with_notes(block: Iterable[ast.stmt], file: Path, lines: dict[int, int]) -> Iterator[ast.stmt]:
    for statement in block:
        if id(statement) in lines:
            call = ast.Call(ast.Name(NOTE, ast.Load()), [ast.Constant(f"{file}:{lines[id(statement)]}")], [])
            yield ast.Expr(call)
        yield statement


def read(record: Path) -> Reach:
    """Return what a `Recorder` wrote."""
    data = json.loads(record.read_text())
    tests = [
        RecordedTest(test, row["seconds"], frozenset(row["reached"]), row["is_on_postgres"])
        for test, row in data["tests"].items()
    ]
    return Reach(tuple(tests), frozenset(data["imported"]))


@dataclass(eq=False)
class Recorder:
    """A plugin of pytest that writes what each test reached to a file, in a process whose modules are `noting`."""

    record: Path
    _reached: set[str] = field(default_factory=set)
    _imported: set[str] = field(default_factory=set)
    _shared: dict[str, set[str]] = field(default_factory=dict)
    _tests: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        setattr(builtins, NOTE, self._reached.add)

    def pytest_collection_finish(self) -> None:
        self._imported |= self._reached

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef, request: pytest.FixtureRequest) -> Run:
        made = yield
        if fixturedef.scope != "function":
            file = "" if fixturedef.scope == "session" else _file_of(request.node.nodeid)
            self._shared[file] = self._shared.get(file, set()) | self._reached
        return made

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Run:
        self._reached.clear()
        began = time.monotonic()
        done = yield
        self._tests[item.nodeid] = {
            "seconds": time.monotonic() - began,
            "reached": set(self._reached),
            "is_on_postgres": item.get_closest_marker("postgres") is not None,
        }
        return done

    def pytest_sessionfinish(self) -> None:
        for test, row in self._tests.items():
            row["reached"] = sorted(
                row["reached"].union(*(self._shared.get(file, ()) for file in ("", _file_of(test))))
            )
        self.record.write_text(json.dumps({"imported": sorted(self._imported), "tests": self._tests}))


def _file_of(test: str) -> str:
    return test.partition("::")[0]

"""The tool that measures the tests puts its faults where it says, and finds the tests that can notice them."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

from tools.mutants.__main__ import within
from tools.mutants.mutations import count, mutant
from tools.mutants.names import Names, bound_by
from tools.mutants.reach import NOTE, Reach, RecordedTest, noting
from tools.mutants.warm import apply_fault

SOURCE = """
LIMIT = 3
LIMITS = {"all": LIMIT}

def check(number):
    if number < LIMIT:
        return "low"
    elif number == 7:
        return "seven"
    return find("all")

def find(name, default=0):
    return LIMITS.get(name, default)
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = Path("sample.py")
    file.write_text(SOURCE)
    return file


def fault(file: Path, before: str, after: str):
    """The fault of a module that makes one text of another."""
    faults = [mutant(file.read_text(), number) for number in range(count(file.read_text()))]
    (found,) = [each for each in faults if (each.before, each.after) == (before, after)]
    return found


@pytest.mark.parametrize("number, lines", [(1, {6, 7}), (7, {6, 8, 9}), (9, {6, 8, 10, 13})])
def test_each_statement_that_runs_is_noted(module, number, lines):
    reached: set[str] = set()
    names = {NOTE: reached.add}
    exec(compile(noting(module), "sample.py", "exec"), names)
    assert reached == set()
    names["check"](number)
    assert reached == {f"sample.py:{line}" for line in lines}


@pytest.mark.parametrize(
    "before, after, line",
    [("number == 7", "number != 7", 8), ("'low'", "'XXlow'", 7), ("3", "4", None), ("'all'", "'XXall'", 10)],
)
def test_a_fault_knows_the_statement_it_is_in(module, before, after, line):
    candidates = [mutant(SOURCE, number) for number in range(count(SOURCE))]
    assert line in {each.statement for each in candidates if (each.before, each.after) == (before, after)}


def test_a_constant_is_played_against_what_uses_it_and_what_is_made_of_it(module):
    names, found = Names({module: SOURCE}), fault(module, "3", "4")
    made = names.made_of(bound_by(found.tree, found.part))
    assert made == {"LIMIT", "LIMITS"}
    assert names.statements(made) == {"sample.py:6", "sample.py:13"}


def test_tests_on_postgres_are_played_only_where_no_others_reach_the_statement():
    tests = tuple(
        RecordedTest(f"tests/test_{name}.py::test", seconds, frozenset(reached), is_on_postgres)
        for name, seconds, reached, is_on_postgres in [
            ("slow", 9.0, {"a.py:1"}, False),
            ("quick", 1.0, {"a.py:1"}, False),
            ("a", 20.0, {"a.py:1"}, False),
            ("postgres", 0.5, {"a.py:1", "a.py:2"}, True),
        ]
    )
    reach = Reach(tests, frozenset())

    def files(line: int) -> list[str]:
        return [test.file for test in reach.of(Path("a.py"), frozenset({f"a.py:{line}"}))]

    assert files(1) == ["tests/test_a.py", "tests/test_quick.py", "tests/test_slow.py"]
    assert (files(2), files(3)) == (["tests/test_postgres.py"], [])


def test_an_imported_function_gets_its_fault_and_what_runs_at_import_does_not(module):
    spec = importlib.util.spec_from_file_location("sample", module.resolve())
    sample = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sample)
    assert not apply_fault(module, fault(module, "3", "4").tree)
    assert not apply_fault(module, ast.parse(SOURCE))
    assert apply_fault(module, fault(module, "number == 7", "number != 7").tree)
    assert (sample.check(7), sample.check(8)) == (3, "seven")


def test_faults_are_made_in_the_files_that_are_named_or_in_all():
    faults = [(Path("app/a.py"), 0), (Path("app/b.py"), 0), (Path("app/b.py"), 1)]
    assert within(faults, ["b.py"]) == faults[1:]
    assert within(faults, []) == faults

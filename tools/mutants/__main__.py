"""Measure the tests: make small faults in the code, one at a time, and count those that the tests notice.

`make mutants` plays a random sample, the same for the same --seed, and prints one line for each fault that survived.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tools.mutants.mutations import Mutant, count, mutant
from tools.mutants.names import Names, bound_by
from tools.mutants.reach import Chosen, Reach, RecordedTest, Recorder, noting, read
from tools.mutants.run import Changed, import_libraries, play
from tools.mutants.warm import NOT_APPLIED, Job, Warm

PACKAGES = ("policy", "auth", "operations")
# Sentences for people, and what only tells types apart.
LEFT_OUT = ("messages.py", "words.py", "__init__.py")
NOT_RUN = ("test_linear.py",)  # measures time
LEAST_SECONDS = 60.0  # to import and collect
RECORD_SECONDS = 3600.0
NOTHING_TO_RUN = 5  # pytest's status where no test is left


def main() -> int:
    options = _options()
    import_libraries()
    folder = Path(tempfile.mkdtemp(prefix="mutants-"))
    print(f"What the tests print: {folder}", file=sys.stderr)
    print("| package | faults | played | noticed | share |\n|---|---|---|---|---|", flush=True)
    for name in options.packages:
        package = _Package(name, folder, options.tests)
        all_of_it = within(package.faults, options.only)
        sample = random.Random(options.seed).sample(all_of_it, min(options.sample, len(all_of_it)))  # noqa: S311  (no secret)
        ends = time.monotonic() + options.minutes * 60
        played = noticed = 0
        for file, number in sample:
            if time.monotonic() > ends:
                break
            played += 1
            noticed += package.notices(file, number)
        package.warm.close()
        share = f"{noticed / played:.0%}" if played else "-"
        print(f"| `app/{name}/` | {len(all_of_it)} | {played} | {noticed} | {share} |", flush=True)
    return 0


def within(faults: Sequence[tuple[Path, int]], names: Sequence[str]) -> list[tuple[Path, int]]:
    """Return the faults in the files of these names; all of them where no name is given."""
    return [fault for fault in faults if not names or fault[0].name in names]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=100, help="faults in each package")
    parser.add_argument("--minutes", type=float, default=60, help="play no further fault of a package after that")
    parser.add_argument(
        "--only", action="append", default=[], metavar="FILE", help="a file to make faults in; may be repeated"
    )
    parser.add_argument(
        "--tests", default="test_*.py", metavar="PATTERN", help="the test files to play, without their folder"
    )
    parser.add_argument("packages", nargs="*", default=PACKAGES)
    return parser.parse_args()


class _Package:
    """A package of the product with the tests that it has; made by running them once without a fault."""

    def __init__(self, name: str, folder: Path, tests: str) -> None:
        self.modules = [file for file in sorted(Path("app", name).glob("*.py")) if file.name not in LEFT_OUT]
        self.faults = [(file, number) for file in self.modules for number in range(count(file.read_text()))]
        self._logs = folder / name
        self._logs.mkdir()
        files = [str(file) for file in sorted(Path("tests", name).glob(tests)) if file.name not in NOT_RUN]
        self._tests = {file: Path(file).read_text() for file in files}
        self._names = Names({file: file.read_text() for file in self.modules})
        self._reach = self._recorded(files)
        self._known = {test.id for test in self._reach.tests}
        self.warm = Warm(files, self._logs / "warm.txt")

    def _recorded(self, files: list[str]) -> Reach:
        record, log = self._logs / "reached.json", self._logs / "no-fault.txt"
        noting_modules = [Changed(file, noting(file)) for file in self.modules]
        if play(files, log, RECORD_SECONDS, noting_modules, Recorder(record)) != 0:
            sys.exit(f"The tests of {self._logs.name} do not pass without a fault: see {log}")
        return read(record)

    def notices(self, file: Path, number: int) -> bool:
        """Whether a test fails with a fault, or takes too long."""
        fault = mutant(file.read_text(), number)
        tests = self._tests_of(file, fault)
        if tests and self._status(file, number, fault, tests) not in {0, NOTHING_TO_RUN}:
            return True
        place = f"{file}:{fault.line} (number {number}, {len(tests)} tests)"
        print(f"survived: {place}: {fault.before}  →  {fault.after}", file=sys.stderr, flush=True)
        return False

    def _tests_of(self, file: Path, fault: Mutant) -> list[RecordedTest]:
        statement = f"{file}:{fault.statement}"
        if not self._is_at_import(file, fault):
            return self._reach.of(file, frozenset({statement}))
        names = self._names.made_of(bound_by(fault.tree, fault.part))
        statements = self._names.statements(names) | {statement}
        word = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
        return self._reach.of(file, statements, [test for test, source in self._tests.items() if word.search(source)])

    def _is_at_import(self, file: Path, fault: Mutant) -> bool:
        return fault.statement is None or f"{file}:{fault.statement}" in self._reach.imported

    def _status(self, file: Path, number: int, fault: Mutant, tests: list[RecordedTest]) -> int | None:
        log = self._logs / f"{file.stem}-{number}.txt"
        limits = {test.id: test.limit for test in tests}
        seconds = LEAST_SECONDS + sum(limits.values())
        if not self._is_at_import(file, fault):
            status = self.warm.play(Job(file, number, limits, log, seconds))
            if status != NOT_APPLIED:
                return status
        files = list(dict.fromkeys(test.file for test in tests))
        return play(files, log, seconds, [Changed(file, fault.tree)], Chosen(limits, self._known))


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parents[2])
    sys.exit(main())

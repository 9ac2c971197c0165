"""Measure the tests: make small faults in the code, one at a time, and count those that the tests notice.

`make mutants` plays a random sample, the same for the same --seed, and prints one line for each fault that survived.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tools.mutants.mutations import Mutant, count, mutant
from tools.mutants.run import Faulty, import_libraries, passes

PACKAGES = ("policy", "auth", "operations")
# Sentences for people, and what only tells types apart.
LEFT_OUT = ("words.py", "__init__.py")
NOT_RUN = ("test_linear.py",)  # measures time
LEAST_SECONDS = 30.0


@dataclass(frozen=True)
class Tests:
    """A package's test files, each with how many seconds it takes without a fault."""

    files: dict[Path, float]

    @property
    def seconds(self) -> float:
        """How long all of them take."""
        return sum(self.files.values())

    def before_others(self, module: Path) -> list[str]:
        """The files, first the one that is named after the module, then the quickest: one that fails ends the run."""

        def turn(file: Path) -> tuple[bool, float]:
            return file.stem != f"test_{module.stem}", self.files[file]

        return [str(file) for file in sorted(self.files, key=turn)]


def main() -> int:
    options = _options()
    import_libraries()
    folder = Path(tempfile.mkdtemp(prefix="mutants-"))
    ends = time.monotonic() + options.minutes * 60
    print("| package | faults | played | noticed | share |\n|---|---|---|---|---|", flush=True)
    survivors = []
    for package in options.packages:
        tests = _tests_of(package, folder)
        sites = [(file, number) for file in _modules(package) for number in range(count(file.read_text()))]
        sample = random.Random(options.seed).sample(sites, min(options.sample, len(sites)))  # noqa: S311  (no secret)
        played = noticed = 0
        for file, number in sample:
            if time.monotonic() > ends:
                break
            fault = mutant(file.read_text(), number)
            played += 1
            if _is_noticed(file, fault, tests, folder / f"{package}-{played}.txt"):
                noticed += 1
            else:
                survivors.append(_sentence(file, fault))
                print(survivors[-1], file=sys.stderr, flush=True)
        share = f"{noticed / played:.0%}" if played else "-"
        print(f"| `app/{package}/` | {len(sites)} | {played} | {noticed} | {share} |", flush=True)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=100, help="faults in each package")
    parser.add_argument("--minutes", type=float, default=60, help="play no further fault after that")
    parser.add_argument("packages", nargs="*", default=PACKAGES)
    return parser.parse_args()


def _modules(package: str) -> list[Path]:
    return [file for file in sorted(Path("app", package).glob("*.py")) if file.name not in LEFT_OUT]


def _tests_of(package: str, folder: Path) -> Tests:
    files, log = {}, folder / f"{package}.txt"
    for file in sorted(Path("tests", package).glob("test_*.py")):
        if file.name in NOT_RUN:
            continue
        began = time.monotonic()
        if not passes([str(file)], log, seconds=900):
            sys.exit(f"The tests of app/{package} do not pass without a fault: see {log}")
        files[file] = time.monotonic() - began
    return Tests(files)


def _is_noticed(file: Path, fault: Mutant, tests: Tests, log: Path) -> bool:
    seconds = LEAST_SECONDS + 4 * tests.seconds  # a fault that never ends is noticed too
    return passes(tests.before_others(file), log, seconds, Faulty(file, fault.source)) is not True


def _sentence(file: Path, fault: Mutant) -> str:
    return f"survived: {file}:{fault.line}: {fault.before}  →  {fault.after}"


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parents[2])
    sys.exit(main())

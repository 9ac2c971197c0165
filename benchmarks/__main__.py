"""`python -m benchmarks [NAME …]`: runs all benchmarks or those named, prints the table, writes `results/`.

`--page` writes the table of all results there are into docs/performance.md.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.figures import HEADER, Report, as_markdown, as_text, figures_of, row
from tests.console import ROOT

RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
# Each is a module with a `run() -> Report`.
BENCHMARKS = (
    "grant_overhead",
    "calls",
    "deploying",
    "demo_ready",
    "images_page",
    "pages",
    "page_weight",
    "throughput",
    "batch",
    "restart",
    "replica_loss",
    "policies",
    "waiting",
    "modals",
    "sandbox",
)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="which to run; none: all")
    parser.add_argument("--page", action="store_true", help="write the table of all results into docs/performance.md")
    parser.add_argument("--no-run", action="store_true", help="run nothing: only print and write what is there")
    wanted = parser.parse_args(arguments)
    failed = [] if wanted.no_run else [name for name in wanted.names or BENCHMARKS if not _run(name)]
    found = _results(wanted.names)
    if found:
        print()
        print(as_text(_rows(found)))
    if wanted.page:
        _write_page(_results(()))
    if failed:
        print(f"\nThese did not run to their end: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


def _run(name: str) -> bool:
    """Run one and keep what it found; whether it came to its end."""
    print(f"{name} …", end=" ", flush=True)
    began = time.monotonic()
    try:
        report: Report = importlib.import_module(f"benchmarks.{name}").run()
    except Exception:  # noqa: BLE001  (the edge of one benchmark: the others run all the same)
        print("failed", flush=True)
        traceback.print_exc()
        return False
    print(f"{time.monotonic() - began:.0f} s", flush=True)
    for line in report.lines:
        print(f"    {line}")
    _keep(name, report)
    return True


def _keep(name: str, report: Report) -> None:
    RESULTS.mkdir(parents=True, exist_ok=True)
    document = {"benchmark": name, "at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": _machine()}
    text = json.dumps({**document, **report.to_json()}, indent=2)
    (RESULTS / f"{name}.json").write_text(text + "\n")


def _machine() -> dict[str, Any]:
    info = Path("/proc/cpuinfo")
    models = [line.partition(":")[2].strip() for line in _lines(info) if line.startswith("model name")]
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": models[0] if models else platform.processor(),
        "python": platform.python_version(),
        "loop_ms": round(1000 * _loop(), 1),
        "load": round(os.getloadavg()[0], 1),
    }


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _loop() -> float:
    """Seconds for a fixed piece of plain Python, so that results of different machines and hours can be compared."""
    began, total = time.process_time(), 0
    for number in range(1_000_000):
        total += number
    return time.process_time() - began


def _results(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    files = {name: RESULTS / f"{name}.json" for name in names or BENCHMARKS}
    return {name: json.loads(file.read_text()) for name, file in files.items() if file.exists()}


def _rows(results: dict[str, dict[str, Any]]) -> list[tuple[str, ...]]:
    return [HEADER, *(row(name, figure) for name, found in results.items() for figure in figures_of(found))]


def _write_page(results: dict[str, dict[str, Any]]) -> None:
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    machine = next(iter(results.values()))["machine"]
    where = f"{machine['cores']} cores ({machine['cpu']}), Python {machine['python']}, everything on this one machine."
    PAGE.write_text(f"{before}{BEGIN}\n{as_markdown(_rows(results))}\n\n{where}\n{END}{after}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

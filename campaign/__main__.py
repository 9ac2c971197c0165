"""`python -m campaign`: every fault at every call in turn, faults by seed, and kill -9 at every step boundary.

`--seed` plays one run again and tells its whole story: a number, or a name such as
`grant-first/SetRepositoryPolicy-1/lost_response/1`, `grant-first/kill-7` or `register-7`.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from campaign.kills import kill_everywhere, kill_one
from campaign.register import Checked, check_all
from campaign.runner import Played, play_all
from campaign.shapes import SHAPES, hits
from campaign.summary import Summary, as_markdown, as_text

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- campaign:begin -->", "<!-- campaign:end -->"
PROCESSES = 2


@dataclass(frozen=True)
class Size:
    """How much is played: seeds, and one of so many faults at calls and of so many points to kill at."""

    seeds: int = 1_200
    share: int = 1
    every: int = 1
    killed: tuple[str, ...] = tuple(SHAPES)
    histories: int = 2_000


SMALL = Size(seeds=25, share=60, every=10, killed=("grant-first",), histories=15)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m campaign")
    parser.add_argument("--seed", default="", help="play this one run and tell its story")
    parser.add_argument("--seeds", type=int, help=f"how many runs by seed ({Size.seeds})")
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--every", type=int, help=f"kill at one of so many points ({Size.every})")
    parser.add_argument("--small", action="store_true", help="a little of everything, in half a minute")
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--docs", action="store_true", help="write the table into docs/reliability.md")
    wanted = parser.parse_args(arguments)
    logging.disable(logging.ERROR)  # what goes wrong on purpose is told by the history
    if wanted.seed:
        return _one(wanted.seed)
    size = SMALL if wanted.small else Size()
    size = replace(size, seeds=wanted.seeds or size.seeds, every=wanted.every or size.every)
    began, summary = time.monotonic(), Summary()
    _play_everything(size, wanted.first, wanted.processes, summary)
    return _tell(summary, time.monotonic() - began, docs=wanted.docs)


def _play_everything(size: Size, first: int, processes: int, summary: Summary) -> None:
    _phase("Every fault at every call", summary, lambda told: _every_fault(size.share, processes, told))
    seeds = [str(first + number) for number in range(size.seeds)]
    _phase("Faults by seed", summary, lambda told: play_all(seeds, processes=processes, told=told))
    _phase(
        "kill -9 at step boundaries", summary, lambda told: kill_everywhere(size.killed, told=told, every=size.every)
    )
    _check_registers(range(first, first + size.histories), summary)


def _one(name: str) -> int:
    results: list[Played] = []
    if name.startswith("register-"):
        return _one_register(int(name.removeprefix("register-")))
    shape, _, point = name.partition("/kill-")
    if point:
        results.append(kill_one(shape, int(point)))
    else:
        play_all([name], processes=1, told=results.append)
    for played in results:
        print("\n".join(played.story))
        print("\n".join(played.verdict.wrong) or "Everything holds.")
    return 1 if any(played.verdict.wrong for played in results) else 0


def _phase(words: str, summary: Summary, run: Callable[[Callable[[Played], None]], None]) -> None:
    print(f"{words} …", flush=True)
    began, before = time.monotonic(), summary.whole.runs

    def told(played: Played) -> None:
        summary.add(played)
        for sentence in played.verdict.wrong:
            print(f"    SEED={played.name}: {sentence}", flush=True)

    run(told)
    print(f"    {summary.whole.runs - before:,} runs in {time.monotonic() - began:.0f} s", flush=True)


def _check_registers(seeds: Sequence[int], summary: Summary) -> None:
    print("Several clients at several replicas …", flush=True)
    began = time.monotonic()

    def told(checked: Checked) -> None:
        summary.add_history(checked)
        for sentence in checked.anomalies:
            print(f"    SEED=register-{checked.seed}: {sentence}", flush=True)

    check_all(seeds, told=told)
    print(f"    {len(seeds):,} histories in {time.monotonic() - began:.0f} s", flush=True)


def _one_register(seed: int) -> int:
    results: list[Checked] = []
    check_all([seed], told=results.append)
    print("\n".join(results[0].anomalies) or "Everything holds.")
    return 1 if results[0].anomalies else 0


def _every_fault(share: int, processes: int, told: Callable[[Played], None]) -> None:
    calm: list[Played] = []
    play_all(list(SHAPES), processes=1, told=calm.append)
    for played in calm:
        told(played)
    scenarios = [hit.name for played in calm for hit in hits(played.name, list(played.calls))]
    play_all(scenarios[::share], processes=processes, told=told)


def _tell(summary: Summary, seconds: float, *, docs: bool) -> int:
    print(f"\n{as_text(summary.rows())}\n\n{'. '.join(summary.ends())}. {seconds / 60:.0f} minutes.")
    if docs:
        before, _, rest = DOCUMENT.read_text().partition(BEGIN)
        table = f"{as_markdown(summary.rows())}\n\n{'. '.join(summary.ends())}."
        DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}")
    if summary.failing or summary.anomalous:
        print("\nPlay one of them again with: make faults SEED=…", file=sys.stderr)
    return 1 if summary.failing or summary.anomalous else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

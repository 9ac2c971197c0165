"""`python -m campaign`: every fault at every call in turn, faults by seed, and kill -9 at every step boundary; several
clients at several replicas; answers spoilt on the wire; and the window in which a foreign write is overwritten.

`--only` plays some of these. `--seed` plays one run again and tells its whole story: a number, or a name such as
`grant-first/SetRepositoryPolicy-1/lost_response/1`, `grant-first/kill-7`, `register-7` or `proxy-7`.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from campaign.answers import Answers
from campaign.kills import kill_everywhere, kill_one
from campaign.register import Checked, check_all
from campaign.registers_table import Registers
from campaign.runner import Played, play_all
from campaign.shapes import SHAPES, hits
from campaign.spoilt import PREFIX, SpoiltRun, play_answers, play_batch
from campaign.summary import Summary, as_markdown, as_text
from campaign.window import measure

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "reliability.md"
STORIES = ROOT / "benchmarks" / "results" / "faults"  # of runs that failed: the next one may go otherwise
PROCESSES = 2
PARTS = ("faults", "registers", "answers", "window")


@dataclass(frozen=True)
class Size:
    """How much is played: seeds, and one of so many faults at calls and of so many points to kill at."""

    seeds: int = 1_600
    share: int = 1
    every: int = 1
    killed: tuple[str, ...] = tuple(SHAPES)
    histories: int = 2_000
    answers: int = 10_000
    writes: int = 3_000


SMALL = Size(seeds=4, share=600, every=60, killed=("grant-first",), histories=3, answers=12, writes=4)
LONG = 100_000  # answers


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    logging.disable(logging.ERROR)  # what goes wrong on purpose is told by the history
    if options.seed:
        return _one(options.seed)
    size = SMALL if options.small else Size()
    size = replace(
        size,
        seeds=options.seeds or size.seeds,
        every=options.every or size.every,
        histories=options.histories or size.histories,
        answers=options.answers or (LONG if options.long else size.answers),
    )
    began, right = time.monotonic(), True
    if "faults" in options.only:
        right &= _play_faults(size, options)
    if "registers" in options.only:
        right &= _check_registers(range(options.first, options.first + size.histories), options)
    if "answers" in options.only:
        right &= _spoil_answers(size.answers, options)
    if "window" in options.only:
        right &= _measure_window(size.writes, options)
    print(f"\n{(time.monotonic() - began) / 60:.0f} minutes.")
    if not right:
        print("\nPlay one of them again with: make faults SEED=…", file=sys.stderr)
    return 0 if right else 1


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m campaign")
    parser.add_argument("--seed", default="", help="play this one run and tell its story")
    parser.add_argument("--only", type=_parts, default=PARTS, help=f"parts of the campaign: {','.join(PARTS)}")
    parser.add_argument("--seeds", type=int, help=f"how many runs by seed ({Size.seeds})")
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--every", type=int, help=f"kill at one of so many points ({Size.every})")
    parser.add_argument("--histories", type=int, help=f"how many histories of registers ({Size.histories})")
    parser.add_argument("--answers", type=int, help=f"how many answers are spoilt ({Size.answers})")
    parser.add_argument("--long", action="store_true", help=f"spoil {LONG:,} answers")
    parser.add_argument("--small", action="store_true", help="a little of everything, in a minute")
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--docs", action="store_true", help="write the tables into docs/reliability.md")
    return parser.parse_args(arguments)


def _parts(text: str) -> tuple[str, ...]:
    parts = tuple(text.split(","))
    if unknown := set(parts) - set(PARTS):
        raise argparse.ArgumentTypeError(f"not a part: {', '.join(sorted(unknown))}")
    return parts


def _play_faults(size: Size, options: argparse.Namespace) -> bool:
    summary, processes = Summary(), options.processes
    _phase("Every fault at every call", summary, lambda told: _every_fault(size.share, processes, told))
    seeds = [str(options.first + number) for number in range(size.seeds)]
    _phase("Faults by seed", summary, lambda told: play_all(seeds, processes=processes, told=told))
    _phase(
        "kill -9 at step boundaries", summary, lambda told: kill_everywhere(size.killed, told=told, every=size.every)
    )
    _tell("campaign", summary.rows(), summary.ends(), options)
    return not summary.failing


def _one(name: str) -> int:
    results: list[Played] = []
    if name.startswith("register-"):
        return _one_register(int(name.removeprefix("register-")))
    if name.startswith(PREFIX):
        results += [run.played for run in play_batch([int(name.removeprefix(PREFIX))])]
        return _told(results)
    shape, _, point = name.partition("/kill-")
    if point:
        results.append(kill_one(shape, int(point)))
    else:
        play_all([name], processes=1, told=results.append)
    return _told(results)


def _told(results: Sequence[Played]) -> int:
    for played in results:
        print("\n".join(played.story))
        print("\n".join(played.verdict.wrong) or "Everything holds.")
    return 1 if any(played.verdict.wrong for played in results) else 0


def _phase(words: str, summary: Summary, run: Callable[[Callable[[Played], None]], None]) -> None:
    print(f"{words} …", flush=True)
    began, before = time.monotonic(), summary.whole.runs

    def told(played: Played) -> None:
        summary.add(played)
        _tell_failed(played.name, played.verdict.wrong, played.story)

    run(told)
    print(f"    {summary.whole.runs - before:,} runs in {time.monotonic() - began:.0f} s", flush=True)


def _tell_failed(name: str, wrong: Sequence[str], story: Sequence[str]) -> None:
    """Say what was wrong with a run, if anything was, and keep its story."""
    for sentence in wrong:
        print(f"    SEED={name}: {sentence}", flush=True)
    if wrong:
        STORIES.mkdir(parents=True, exist_ok=True)
        (STORIES / f"{name.replace('/', ' ')}.txt").write_text("\n".join([*story, *wrong, ""]))


def _check_registers(seeds: Sequence[int], options: argparse.Namespace) -> bool:
    print("Several clients at several replicas …", flush=True)
    began, registers = time.monotonic(), Registers()

    def told(checked: Checked) -> None:
        registers.add(checked)
        _tell_failed(f"register-{checked.seed}", checked.anomalies, checked.story)

    check_all(seeds, heard=told)
    print(f"    {len(seeds):,} histories in {time.monotonic() - began:.0f} s", flush=True)
    _tell("registers", registers.rows(), (), options)
    return not registers.anomalous


def _spoil_answers(number: int, options: argparse.Namespace) -> bool:
    print("Answers spoilt on the wire …", flush=True)
    began, answers = time.monotonic(), Answers()

    def told(run: SpoiltRun) -> None:
        answers.add(run)
        _tell_failed(run.played.name, run.wrong, run.played.story)
        if answers.played % 200 == 0:
            print(f"    {answers.answers.total():,} answers in {answers.played:,} runs", flush=True)

    play_answers(number, first=options.first, processes=options.processes, told=told)
    print(f"    {answers.played:,} runs in {time.monotonic() - began:.0f} s", flush=True)
    _tell("proxy", answers.rows(), answers.ends(), options)
    return not answers.failing


def _measure_window(writes: int, options: argparse.Namespace) -> bool:
    print("From a reading to the write that is based on it …", flush=True)
    window = measure(writes)
    _tell("window", (), (window.sentence(),), options)
    return window.is_met or options.small  # a few writes have no 99.9 %


def _one_register(seed: int) -> int:
    results: list[Checked] = []
    check_all([seed], heard=results.append)
    print("\n".join(results[0].story))
    print("\n".join(results[0].anomalies) or "Everything holds.")
    return 1 if results[0].anomalies else 0


def _every_fault(share: int, processes: int, told: Callable[[Played], None]) -> None:
    calm: list[Played] = []
    play_all(list(SHAPES), processes=1, told=calm.append)
    for played in calm:
        told(played)
    scenarios = [hit.name for played in calm for hit in hits(played.name, list(played.calls))]
    play_all(scenarios[::share], processes=processes, told=told)


def _tell(name: str, rows: Sequence[Sequence[str]], ends: Iterable[str], options: argparse.Namespace) -> None:
    """Print a table with what became of it, and write it into the document where that is wanted."""
    sentences = f"{'. '.join(ends)}.".lstrip(".")
    print("\n\n".join(each for each in (as_text(rows) if rows else "", sentences) if each) + "\n", flush=True)
    if options.docs:
        table = "\n\n".join(each for each in (as_markdown(rows) if rows else "", sentences) if each)
        begin, end = (f"<!-- {name}:{word} -->" for word in ("begin", "end"))
        before, _, rest = DOCUMENT.read_text().partition(begin)
        DOCUMENT.write_text(f"{before}{begin}\n{table}\n{end}{rest.partition(end)[2]}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

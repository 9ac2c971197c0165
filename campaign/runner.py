"""Plays many scenarios, several at a time in each of several processes, and tells of each as it ends."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaign.aws import campaign_sandbox
from campaign.check import Verdict, judge
from campaign.clock import FastClock, SameClock
from campaign.play import Evidence, player, scratch
from campaign.scenario import Scenario, drawn
from campaign.shapes import named

# Regions that a process plays in at a time: one scenario each.
REGIONS = (
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "ap-south-1",
    "ap-northeast-1",
)
# Scenarios after which a process begins with a new database, so that what ended long ago costs nothing.
BATCH = 60


@dataclass(frozen=True)
class Played:
    """One run, judged."""

    name: str
    verdict: Verdict
    outcomes: tuple[str, ...]
    faults: tuple[str, ...]
    calls: tuple[str, ...]
    story: tuple[str, ...] = field(repr=False, default=())


def scenario_of(name: str) -> Scenario:
    """A seed's scenario, or the shape of that name."""
    return drawn(int(name)) if name.isdecimal() else named(name)


def play_all(names: Sequence[str], *, processes: int, told: Callable[[Played], None]) -> None:
    """Play scenarios by name; `told` hears of each, in the order in which they end."""
    batches = [names[start : start + BATCH] for start in range(0, len(names), BATCH)]
    if processes <= 1 or len(batches) == 1:
        _tell(map(_batch, batches), told)
        return
    with multiprocessing.get_context("spawn").Pool(processes, maxtasksperchild=1) as pool:
        _tell(pool.imap_unordered(_batch, batches), told)


def _tell(results: Iterable[list[Played]], told: Callable[[Played], None]) -> None:
    for batch in results:
        for played in batch:
            told(played)


def _batch(names: Sequence[str]) -> list[Played]:
    logging.disable(logging.ERROR)  # what goes wrong on purpose is told by the history
    return asyncio.run(_play(list(names)))


async def _play(names: list[str]) -> list[Played]:
    clock, waiting, results = FastClock(), iter(names), []
    with scratch() as folder, campaign_sandbox(SameClock(clock)) as sandbox:
        async with player(Path(folder), sandbox.url, clock) as playing:

            async def play_in(region: str) -> None:
                for name in waiting:
                    try:
                        evidence = await playing.play(scenario_of(name), region, sandbox)
                    except Exception as error:  # noqa: BLE001  (the edge of one run: it is told, and the others run)
                        results.append(_broken(name, error))
                    else:
                        results.append(judged(evidence))

            await asyncio.gather(*(play_in(region) for region in REGIONS[: len(names)]))
    return results


def _broken(name: str, error: Exception) -> Played:
    """A run that did not come to its end."""
    story = tuple(traceback.format_exception(error))
    return Played(name, Verdict([f"the run itself broke: {error!r}"]), (), (), (), story)


def judged(evidence: Evidence, name: str = "", hit: tuple[str, ...] = ()) -> Played:
    """A run with its verdict; with its whole story where something is wrong."""
    verdict = judge(evidence.aws, evidence.operations)
    scenario = evidence.scenario
    return Played(
        name or scenario.name,
        verdict,
        tuple(f"{each['kind']} {each['outcome']}" for each in evidence.operations),
        (*(_kind(each) for each in scenario.faults), *(each.what for each in scenario.happenings), *hit),
        tuple(call["action"] for call in evidence.aws["calls"]),
        tuple(story(evidence)),
    )


def _kind(rule: dict[str, Any]) -> str:
    if rule["kind"] == "timeout" and rule.get("effect"):
        return "timeout_after"
    return f"foreign_{rule['when']}" if rule["kind"] == "foreign_write" else str(rule["kind"])


def story(evidence: Evidence) -> Iterator[str]:
    """What happened, in order."""
    yield f"  {evidence.scenario}"
    yield from in_order(events(evidence.operations, evidence.aws))


def in_order(happened: Iterable[tuple[float, str]]) -> Iterator[str]:
    """Events as lines, with the seconds since the first."""
    began = None
    for at, what in sorted(happened):
        began = at if began is None else began
        yield f"  {at - began:8.2f}  {what}"


def events(operations: Iterable[dict[str, Any]], aws: dict[str, Any]) -> Iterator[tuple[float, str]]:
    """What operations did by the history, and what AWS was asked and held by its own log, each with its time."""
    for each in operations:
        what = f"{each['kind']} {each['service']} {each['repository']}"
        yield each["asked_at"], f"asked: {what} {each['id']}"
        steps = ", ".join(f"{step['name']} {step['state']} {step['note']}".strip() for step in each["steps"])
        ended = each["ended_at"] or time.time()
        yield ended, f"ended: {what} {each['id']}: {each['outcome']} {each['problem']} ({steps})"
        for change in each["changes"]:
            yield change["written_at"] or ended, f"told: {what} wrote {change['after']!r}"
    for call in aws["calls"]:
        about = call["params"].get("repositoryName") or call["params"].get("serviceName") or ""
        yield call["at"], f"call: {call['action']} {about} {call['outcome']}"
    for name, repository in aws["repositories"].items():
        for revision in repository["revisions"]:
            yield revision["at"], f"policy: {name} by {revision['by']}: {revision['document']}"

"""The table of spoilt answers: how many of each kind, and what they led to. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from campaign.spoilt import SpoiltRun

WORDS = {
    "cut": "cut after any byte, in order",
    "abort": "cut after any byte, by a reset",
    "corrupt_head": "a bit of the status line or headers flipped (in the clear)",
    "damage": "a bit of a TLS record flipped",
    "delay": "delivered late, some after the client gave up",
    "drip": "a byte every 5 seconds from any byte on",
    "twice": "sent twice",
    "stale": "the answer before it on the connection",
    "late_request": "connection lost, the request carried out later",
    "page": "200 with a page",
    "redirect": "a redirect",
    "forbidden_page": "403 with a page",
    "unavailable_page": "503 with a page",
    "empty": "200 with nothing",
    "nothing": "200 with `{}`",
    "list": "200 with `[]`",
    "error_as_success": "200 with an error",
    "gzip": "bytes of gzip that are none",
}
HEADER = ("what comes back", "answers", "of them to writes", "runs with it", "failed checks")


@dataclass
class Answers:
    """Fed with runs as they end."""

    answers: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    played: int = 0
    lists: int = 0
    unanswered: int = 0
    failing: list[str] = field(default_factory=list)

    def add(self, run: SpoiltRun) -> None:
        self.played += 1
        self.answers += run.answers
        self.writes += run.writes
        self.lists += run.readings
        self.unanswered += run.played.verdict.unanswered
        self.runs.update(run.answers.keys())
        self.outcomes.update(outcome.partition(" ")[2] for outcome in run.played.outcomes)
        if run.wrong:
            self.failing.append(run.played.name)
            self.failed.update(run.answers.keys())

    def rows(self) -> list[tuple[str, ...]]:
        lines = [(words, *self._cells(kind)) for kind, words in WORDS.items() if kind in self.answers]
        whole = (self.answers.total(), self.writes.total(), self.played, len(self.failing))
        return [HEADER, *lines, ("all", *(f"{each:,}" for each in whole))]

    def _cells(self, kind: str) -> tuple[str, ...]:
        counts = (self.answers, self.writes, self.runs, self.failed)
        return tuple(f"{counter[kind]:,}" for counter in counts)

    def ends(self) -> Iterator[str]:
        yield ", ".join(f"{number:,} {outcome.replace('_', ' ')}" for outcome, number in self.outcomes.most_common())
        yield (
            f"{self.lists:,} readings of all that exists went on meanwhile; "
            f"{self.unanswered:,} writes are told as never confirmed by AWS"
        )

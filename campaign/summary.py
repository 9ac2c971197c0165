"""The campaign's table: how many runs of each kind, what they met, what became of them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from campaign.runner import Played

# The words of the table; a run with several faults counts in the line of each.
WORDS = {
    "throttle": "throttling",
    "unavailable": "503 Service Unavailable",
    "error": "500 of the service",
    "reset": "connection reset",
    "timeout": "no answer, nothing done",
    "timeout_after": "no answer, though it was done",
    "lost_response": "answer lost after the effect",
    "stale_read": "stale read after a write",
    "principal_not_found": "principal refused for a while",
    "busy": "service refuses the update",
    "updating": "service goes UPDATING between two calls",
    "foreign_before": "foreign write between our read and our write",
    "foreign_after": "foreign write between our write and the read-back",
    "rude": "foreign writer who puts an older text back",
    "kill": "kill -9 at a step boundary",
    "": "nothing",
}
HEADER = ("what goes wrong", "runs", "operations", "merged again", "foreign changes ECR lost", "failed checks")


@dataclass
class Line:
    runs: int = 0
    operations: int = 0
    merged_again: int = 0
    lost_by_ecr: int = 0
    wrong: int = 0

    def add(self, played: Played) -> None:
        self.runs += 1
        self.operations += len(played.outcomes)
        self.merged_again += played.verdict.merged_again
        self.lost_by_ecr += played.verdict.lost_by_ecr
        self.wrong += bool(played.verdict.wrong)

    def cells(self) -> tuple[str, ...]:
        numbers = (self.runs, self.operations, self.merged_again, self.lost_by_ecr, self.wrong)
        return tuple(f"{each:,}" for each in numbers)


@dataclass
class Summary:
    """Fed with runs as they end."""

    whole: Line = field(default_factory=Line)
    lines: dict[str, Line] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    failing: list[Played] = field(default_factory=list)
    taken_by_foreigner: int = 0
    unknowable: int = 0
    rightly_failed: int = 0
    unanswered: int = 0

    def add(self, played: Played) -> None:
        for kind in sorted(set(played.faults)) or [""]:
            self.lines.setdefault(kind, Line()).add(played)
        self.whole.add(played)
        self.outcomes.update(played.outcomes)
        self.taken_by_foreigner += played.verdict.taken_by_foreigner
        self.unknowable += played.verdict.unknowable
        self.rightly_failed += played.verdict.rightly_failed
        self.unanswered += played.verdict.unanswered
        if played.verdict.wrong:
            self.failing.append(played)

    def rows(self) -> list[tuple[str, ...]]:
        known = [kind for kind in WORDS if kind in self.lines]
        return [
            HEADER,
            *((WORDS[kind], *self.lines[kind].cells()) for kind in known),
            ("all", *self.whole.cells()),
        ]

    def ends(self) -> Iterator[str]:
        """What became of the operations, and what cannot be asked of them."""
        ends = Counter[str]()
        for each, count in self.outcomes.items():
            ends[each.partition(" ")[2]] += count
        yield ", ".join(f"{count:,} {outcome.replace('_', ' ')}" for outcome, count in ends.most_common())
        yield (
            f"{self.rightly_failed:,} services could rightly not be helped (a principal that is dead for good, a conflict); "
            f"{self.taken_by_foreigner:,} grants were taken away by somebody else after their proof; "
            f"{self.unknowable:,} writes had their answer lost and were overwritten before anybody could look; "
            f"{self.unanswered:,} writes are told as never confirmed by AWS"
        )


def as_text(rows: Sequence[Sequence[str]]) -> str:
    """Columns: words to the left, numbers to the right."""
    widths = [max(len(each[column]) for each in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    )


def as_markdown(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    lines = [head, ["---", *("---:" for _ in head[1:])], *body]
    return "\n".join(f"| {' | '.join(each)} |" for each in lines)

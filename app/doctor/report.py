"""What `sailpass doctor` found, and how it is printed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How a finding stands."""

    OK = "ok"
    NOTE = "note"
    """Works, but worth knowing."""
    PROBLEM = "problem"
    UNKNOWN = "unknown"
    """Not checked, because something before it failed."""


@dataclass(frozen=True)
class DoctorFinding:
    """The answer to one question.

    `subject` names the question (`database`), `text` is the answer, `todo` is what to do where something must be done,
    and `details` are values for programs. None of them holds a secret.
    """

    subject: str
    level: Level
    text: str
    todo: str = ""
    details: dict[str, Any] = field(default_factory=dict)


# On a terminal that has no UTF-8, the level's own word says the same.
MARKS = {Level.OK: "✓", Level.NOTE: "!", Level.PROBLEM: "✗", Level.UNKNOWN: "?"}
INDENT = " " * 4


def has_problem(findings: Sequence[DoctorFinding]) -> bool:
    """Whether anything must be fixed before Sailpass works."""
    return any(finding.level is Level.PROBLEM for finding in findings)


def as_json(findings: Sequence[DoctorFinding]) -> dict[str, Any]:
    """Return the report for programs: `ok`, and every finding with its details."""
    rows = [
        {
            "subject": finding.subject,
            "level": finding.level.value,
            "text": finding.text,
            "what_to_do": finding.todo,
            "details": finding.details,
        }
        for finding in findings
    ]
    return {"ok": not has_problem(findings), "findings": rows}


def as_lines(findings: Sequence[DoctorFinding], *, unicode: bool) -> Iterator[tuple[Level, str]]:
    """Yield the report line by line, each with its level; the last line is the result."""
    width = max(len(finding.subject) for finding in findings)
    marks = {level: mark if unicode else f"{level.value:<7}" for level, mark in MARKS.items()}
    for finding in findings:
        lead = f"{marks[finding.level]} {finding.subject:<{width}}  "
        yield finding.level, lead + finding.text
        if finding.todo:
            yield finding.level, " " * len(lead) + "→ "[: 2 * unicode] + finding.todo
    problems = sum(finding.level is Level.PROBLEM for finding in findings)
    result = {0: "No problems found.", 1: "1 problem found."}.get(problems, f"{problems} problems found.")
    yield Level.PROBLEM if problems else Level.OK, result

"""Takes off the lines of a container's log what a supervisor or a structured logger wraps around them. Pure; linear."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

ANSI: Final = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
_PREFIXES: Final = (
    # Of s6-log, ts and Docker: the time.
    re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?(?: |$)"),
    # Of foreman, honcho, overmind and pm2: `12:00:00 web.1  | `, `0|app  | `
    re.compile(r"(?:\d\d:\d\d:\d\d )?[a-z0-9][\w.:|-]{0,40} *\|(?: |$)"),
    # Of concurrently: `[api] `; a level is no name
    re.compile(
        r"\[(?!(?:error|warn|info|debug|fatal|panic|trace|crit|alert|emerg|notice))[a-z0-9][\w.:-]{0,30}\](?: |$)"
    ),
    # Of Turborepo: `api:start: `
    re.compile(r"[@a-z][\w./@-]{0,60}:[a-z][\w-]{0,30}:(?: |$)"),
)
# One space more may be the logger's own, before a short level: `… 03:12:07  INFO`
_CONTINUES: Final = re.compile(r"\s{2}|\t|$")
_LINE_END: Final = re.compile(r"(?:\\r)?\\n")
# A program that was stopped from outside, as Lightsail does once the deployment has failed, and what runs it says of it.
_STOPPED: Final = re.compile(r"\bsignal[ :=]{1,3}SIGTERM\b|\b(?:code|status|Error)[ :=]{1,3}143\b|^Terminated\s*$")
_OF_RUNNER: Final = re.compile(r"\W{0,3}(?:npm (?:ERR!|error)|ELIFECYCLE|error Command failed)")
# Frames and quoted source are indented; a last piece may be no more than the end of the JSON.
_NO_MESSAGE: Final = ("\\", '"')


def unwrapped(lines: Sequence[str]) -> list[str]:
    """Return the lines as the program wrote them.

    A prefix is taken off where it stands on most lines and before an indented or empty one: a program that writes it
    itself doesn't repeat it within a stack trace. A line of JSON is preceded by the lines of its texts, such as
    `Caused by: …` of a stack trace.
    """
    return [piece for line in _without_prefix(lines) for piece in _unpacked(line)]


def without_stop(lines: list[str]) -> list[str]:
    """Return the lines without those of a stop from outside, which is no end of the program's own."""
    if not any(map(_STOPPED.search, lines)):
        return lines
    return [line for line in lines if not (_STOPPED.search(line) or _OF_RUNNER.match(line))] or lines


def _without_prefix(lines: Sequence[str]) -> Sequence[str]:
    for prefix in _PREFIXES:
        matches = [prefix.match(line) for line in lines]
        rests = [line[match.end() :] if match else line for line, match in zip(lines, matches, strict=True)]
        continued = any(match and _CONTINUES.match(rest) for match, rest in zip(matches, rests, strict=True))
        if continued and 2 * sum(map(bool, matches)) >= len(lines):
            return rests
    return lines


def _unpacked(line: str) -> Iterator[str]:
    if line.startswith("{"):
        line = line.replace('\\"', '"')
        for piece in _LINE_END.split(line)[1:]:
            if piece and not piece[0].isspace() and not piece.startswith(_NO_MESSAGE):
                yield piece
    yield line

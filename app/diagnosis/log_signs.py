"""Finds in a container's log what decides, whatever else is logged: platform, command, memory. Pure; linear."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from app.diagnosis.log_endings import says_what_and_why

_EXEC_FORMAT: Final = re.compile(
    r"exec format error|exec user process caused.{0,40}format|wrong architecture"
    r"|\bcannot execute binary file\b|\bqemu-(?:aarch64|arm)\S{0,20}: |\brosetta error: ",
    re.IGNORECASE,
)
_NOT_FOUND: Final = re.compile(
    r"executable file not found|exec user process caused[: \"]{1,4}(?:no such file|permission denied)|exec:.{0,200}(?:no such file|not found|permission denied)|command not found"
    r"|\bcommand [\"'`]\S{1,100}[\"'`] not found|\bthe command \S{1,100} could(?: not|n't) be found"
    r"|\bexec [^: ]{1,200}(?: failed)?: (?:no such file|not found|permission denied)|starting container process caused|unable to start container process"
    r"|^(?:/\S*/)?(?:ba|da|a)?sh: (?:.{0,200}not found|\S{1,200}: (?:no such file|permission denied))"
    # `env: 'bash\r': No such file or directory`, of a script with Windows line ends; BusyBox: `env: can't execute`
    r"|^(?:/\S*/)?env: (?:.{1,200}: (?:no such file|permission denied)|can't execute)"
    r"|^\[(?:dumb-init|tini)[^\]]{0,20}\] \S{1,200}: (?:no such file|permission denied)"
    r"|\b(?:bad interpreter|failed to execute \S{1,200}): (?:no such file|permission denied)"
    # Of bash, which says the same of a file that it can't read: `/start: line 9: bin/rails: No such file or directory`
    r"|^\S{1,200}: line \d{1,5}: (?:\S{0,200}\bs?bin/[^\s/]{1,100}|\.(?:/[\w-]{1,100}){1,9}|\S{0,200}/[^\s/]{1,100}\.(?:sh|py|rb))"
    r": (?:no such file|permission denied)"
    # Of bash, where the program that a script names in its first line is absent
    r"|: cannot execute: required file not found"
    # Of dash: `/entrypoint.sh: 3: gunicorn: not found`
    r"|^\S{1,200}: \d{1,5}: \S{1,200}: (?:not found|permission denied)$",
    re.IGNORECASE,
)
# Of s6, which supervises several programs: others may listen meanwhile.
_CANNOT_EXEC: Final = re.compile(
    r"\bfatal: unable to exec \S{1,200}: (?:no such file|permission denied)", re.IGNORECASE
)
# Not advice ("if you run out of memory"), nor a virtual machine's option (`-XX:+ExitOnOutOfMemoryError`).
_MEMORY: Final = re.compile(
    r"(?<!\brun )(?<!\bruns )\bout of memory|\boom[- ]?kill(?:ed|er)?\b|cannot allocate (?:memory|\d+ bytes of memory|\w+ of size [\d.]+)"
    r"|\b(?:failed|unable) to allocate (?:memory|[\d.]+ [kmgt]i?b\b)"
    r"|\brequires [^\n]{0,40}\b\d[\d.,]{0,8} ?(?:[kmgt]i?b|(?:mega|giga)bytes) of (?:memory|ram)\b"
    r"|\binsufficient memory for the java\b|\bNoMemoryError|\bcould not reserve enough space for\b"
    # Of uWSGI, Celery and supervisord. PHP's `memory_limit` is its own, whatever memory there is.
    r"|\b(?:killed|died|exited|terminated|crashed)\b[^\n]{0,60}?\bSIGKILL\b(?!\))"
    r"|\bwas sent SIGKILL!"
    # .NET's E_OUTOFMEMORY. Nothing but a lack of memory kills a container's processes with SIGKILL from outside.
    r"|\b0x8007000E\b|(?<!sending )(?<!send )\bsignal[ :=\[\"]{1,4}(?:SIGKILL|killed|9)\b"
    r"|\bmemory allocation of \d+ bytes failed|\bbad_alloc\b|(?<!On)OutOfMemoryError|(?<!OfMemory)(?<!Of)MemoryError|^killed(?:\s*$|\s{2,}\S)|\bline \d+:\s+\d+ killed\b"
    r"|\bexit(?:ed)?(?: with)?(?: code| status| value \[\w{1,40}\])?[ :=]{1,3}137\b|\bstatus[ :=]{1,2}137\b(?! [a-z])",
    re.IGNORECASE,
)
# A program that may not keep its memory from being swapped out has as much as before, whatever the error is called; one
# that only warns runs.
_HAS_MEMORY: Final = re.compile(
    r"\block(?:ing)? (?:\w{1,20} )?memory\b|\bmlock(?:all)?\b|\bwarn(?:ing)?\b[^\n]{0,200}\brequires\b", re.IGNORECASE
)
# Of gunicorn, which ends a worker that takes too long and starts another.
WORKER_TIMEOUT: Final = re.compile(r"\bWORKER TIMEOUT \(pid:(\d{1,9})\)")
_KILLED: Final = re.compile(r"\bWorker \(pid:(\d{1,9})\) was sent SIGKILL!")


class Sign(StrEnum):
    """What a line shows."""

    EXEC_FORMAT = "exec_format"
    COMMAND_NOT_FOUND = "command_not_found"
    OUT_OF_MEMORY = "out_of_memory"


class SignLine(NamedTuple):
    """A sign, and the line that shows it."""

    sign: Sign
    line: str


class _Wording(NamedTuple):
    """How logs word a sign.

    `anywhere`: it counts also before the last line that says where the program listens. `goes_on`: a line of a program
    that may go on after it: a plugin that it can't start, or its own account of the memory.
    """

    sign: Sign
    pattern: re.Pattern[str]
    anywhere: bool = False
    goes_on: re.Pattern[str] | None = None


_WORDINGS: Final = (
    _Wording(
        Sign.EXEC_FORMAT, _EXEC_FORMAT, goes_on=re.compile(r"\blevel\"?[=:]|\b(?:ERROR|WARN|WARNING|INFO|DEBUG)\b")
    ),
    _Wording(Sign.COMMAND_NOT_FOUND, _NOT_FOUND),
    _Wording(Sign.COMMAND_NOT_FOUND, _CANNOT_EXEC, anywhere=True),
    _Wording(
        Sign.OUT_OF_MEMORY,
        _MEMORY,
        anywhere=True,
        goes_on=re.compile(r"\b(?:INFO|DEBUG)\b|\blevel\"?[=:] ?\"?(?:info|debug)\b"),
    ),
)


def first_sign(lines: Sequence[str], last: Sequence[str]) -> SignLine | None:
    """Return the first sign, or None.

    What a program logs of something that it does without is none: it listens, or fails for another reason later.

    Args:
        lines: the container's own.
        last: those after the last line that says where the program listens.
    """
    timed_out = {match[1] for line in lines if (match := WORKER_TIMEOUT.search(line))}  # its workers' process ids
    for wording in _WORDINGS:
        among = lines if wording.anywhere else last
        found = [at for at, line in enumerate(among) if wording.pattern.search(line) and not _is_other(line, timed_out)]
        if found and not (
            wording.goes_on
            and wording.goes_on.search(among[found[-1]])
            and any(map(says_what_and_why, among[found[-1] + 1 :]))
        ):
            return SignLine(wording.sign, among[found[0]])
    return None


def _is_other(line: str, timed_out: Container[str]) -> bool:
    """Return whether gunicorn killed a worker itself, which took too long, or there is no lack of memory."""
    match = _KILLED.search(line)
    return (match is not None and match[1] in timed_out) or _HAS_MEMORY.search(line) is not None

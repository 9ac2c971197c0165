"""Finds in a container's log what kept a deployment from running. Pure; takes time linear in the log.

Lightsail's own lines are among the container's: `[deployment:4] Creating your deployment`, then `Reached a steady
state`, `Canceled` or `Took too long`. With no line of the container itself, it never started [reported, AWS.md].
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from app.aws.ports import Deployment
from app.aws.pull_ports import LogLine
from app.diagnosis.log_endings import last_words, restarted, says_what_and_why, says_why
from app.diagnosis.log_listening import listenings
from app.diagnosis.log_requests import LONGEST_LINE, LONGEST_REQUEST, of_health_check
from app.diagnosis.log_variables import missing_variable

MOST_LINES: Final = 400
LONGEST_QUOTE: Final = 160
_HEAD: Final = 60

# A `filterPattern` for the lines that may show a reason, wherever they are in a long log: each term by itself.
TELLING: Final = (
    '?FATAL ?Fatal ?fatal ?panic ?Traceback ?Exception ?Error ?ERROR ?error: ?"npm ERR!" ?"npm error" ?CRITICAL ?emerg '
    '?Unhandled ?Uncaught ?Killed ?SIGKILL ?Segmentation ?Aborted ?OOM ?memory ?Memory ?"exec format" ?"not set" '
    '?required ?issing ?unbound ?exited ?"exit code" ?"exit status" ?"not found" ?"No such" ?refused ?denied ?annot '
    '?ailed ?FAILED ?"gave up" ?"given up" ?istening ?"unning on" ?"tarted on" ?HealthChecker'
)
LIGHTSAIL_LINE: Final = re.compile(r"\[deployment:(\d+)\] ?(.*)")
_EXEC_FORMAT: Final = re.compile(
    r"exec format error|exec user process caused.{0,40}format|wrong architecture"
    r"|\bcannot execute binary file\b|\bqemu-(?:aarch64|arm)\S{0,20}: |\brosetta error: ",
    re.IGNORECASE,
)
_NOT_FOUND: Final = re.compile(
    r"executable file not found|exec user process caused[: \"]{1,4}(?:no such file|permission denied)|exec:.{0,200}(?:no such file|not found|permission denied)|command not found"
    r"|\bcommand [\"'`]\S{1,100}[\"'`] not found|\bthe command \S{1,100} could(?: not|n't) be found"
    r"|\bexec [^: ]{1,200}(?: failed)?: (?:no such file|not found|permission denied)|starting container process caused|unable to start container process"
    r"|^(?:/\S*/)?(?:ba|da|a)?sh: (?:.{0,200}not found|\S{1,200}: permission denied)"
    # `env: 'bash\r': No such file or directory`, of a script with Windows line ends; BusyBox: `env: can't execute`
    r"|^(?:/\S*/)?env: (?:.{1,200}: (?:no such file|permission denied)|can't execute)"
    r"|^\[(?:dumb-init|tini)[^\]]{0,20}\] \S{1,200}: (?:no such file|permission denied)"
    r"|\b(?:bad interpreter|failed to execute \S{1,200}): (?:no such file|permission denied)"
    # Of bash, which says the same of a file that it can't read: `/start: line 9: bin/rails: No such file or directory`
    r"|^\S{1,200}: line \d{1,5}: (?:\S{0,200}\bs?bin/[^\s/]{1,100}|\.(?:/[\w-]{1,100}){1,9}|\S{0,200}/[^\s/]{1,100}\.(?:sh|py|rb))"
    r": (?:no such file|permission denied)"
    # Of dash: `/entrypoint.sh: 3: gunicorn: not found`
    r"|^\S{1,200}: \d{1,5}: \S{1,200}: (?:not found|permission denied)$",
    re.IGNORECASE,
)
# Not advice ("if you run out of memory"), nor a virtual machine's option (`-XX:+ExitOnOutOfMemoryError`).
_MEMORY: Final = re.compile(
    r"(?<!\brun )(?<!\bruns )\bout of memory|\boom[- ]?kill(?:ed|er)?\b|cannot allocate (?:memory|\d+ bytes of memory|\w+ of size [\d.]+)"
    r"|\b(?:failed|unable) to allocate (?:memory|[\d.]+ [kmgt]i?b\b)"
    r"|\binsufficient memory for the java\b|\bNoMemoryError|\bcould not reserve enough space for\b"
    # Of uWSGI, Celery and supervisord. PHP's `memory_limit` is its own, whatever memory there is.
    r"|\b(?:killed|died|exited|terminated|crashed)\b[^\n]{0,60}?\b(?:signal:? 9\b|SIGKILL\b(?!\)))"
    # .NET's E_OUTOFMEMORY. Nothing but a lack of memory kills a container's processes with SIGKILL from outside.
    r"|\b0x8007000E\b|(?<!sending )(?<!send )\bsignal[ :=\[\"]{1,4}(?:SIGKILL|killed)\b"
    r"|\bmemory allocation of \d+ bytes failed|\bbad_alloc\b|(?<!On)OutOfMemoryError|(?<!OfMemory)(?<!Of)MemoryError|^killed(?:\s*$|\s{2,}\S)|\bline \d+:\s+\d+ killed\b"
    r"|\bexit(?:ed)?(?: with)?(?: code| status)?[ :=]{1,3}137\b|\bstatus[ :=]{1,2}137\b(?! [a-z])",
    re.IGNORECASE,
)
ANSI: Final = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_SERVER_FAULT: Final = 500


class Ending(StrEnum):
    """How the deployment ended, in the words of Lightsail's log."""

    CANCELED = "canceled"
    TOOK_TOO_LONG = "took_too_long"
    STEADY = "steady"
    NONE = "none"


class Reason(StrEnum):
    """What the container's lines show."""

    NOTHING = "nothing"
    EXEC_FORMAT = "exec_format"
    COMMAND_NOT_FOUND = "command_not_found"
    OUT_OF_MEMORY = "out_of_memory"
    MISSING_VARIABLE = "missing_variable"
    EXITED = "exited"
    HEALTH_PATH = "health_path"
    HEALTH_STATUS = "health_status"
    PORT = "port"
    LOCALHOST = "localhost"
    QUIET = "quiet"


@dataclass(frozen=True)
class LogEvidence:
    """What a log shows. `started`: the container itself wrote something, so its image was pulled.

    `line` is the line that shows the reason, shortened; `detail` its number or name: a status, a port, a variable.
    """

    ending: Ending = Ending.NONE
    reason: Reason = Reason.NOTHING
    line: str = ""
    detail: str = ""

    @property
    def started(self) -> bool:
        """Whether the container itself wrote anything."""
        return self.reason is not Reason.NOTHING


def read_log(lines: Sequence[LogLine], deployment: Deployment, container: str = "") -> LogEvidence:
    """Return what the lines of a deployment show.

    Args:
        lines: from the deployment's creation on, oldest first; those of later deployments are left out.
        deployment: what ran, for its health check and its variables' names.
        container: whose lines they are, "" for the public one: no other is checked.
    """
    ending, whole = _of_deployment(lines, deployment.version)
    if not whole:
        return LogEvidence(ending)
    own = [line[:LONGEST_LINE] for line in whole]
    last = _last_run(own)
    if sign := _sign(own, last):
        reason, line = sign
        return LogEvidence(ending, reason, _quoted(line))
    if ending is Ending.CANCELED:  # nothing was started: the previous version still writes under the same name
        return LogEvidence(ending)
    is_checked = container in ("", deployment.public_container)
    health = _health(whole, deployment) if is_checked else None
    evidence = (
        (None if health and _still_starts(own, health) else health)
        or (_exit(last, deployment) if last else None)
        or (_port(own, deployment) if is_checked else None)
        or _exit(own, deployment, by_last_line=True)
    )
    if evidence is None:
        return LogEvidence(ending, Reason.QUIET, _quoted(own[-1]))
    reason, line, detail = evidence
    return LogEvidence(ending, reason, _quoted(line), detail)


_SIGNS: Final = (
    (Reason.EXEC_FORMAT, _EXEC_FORMAT),
    (Reason.COMMAND_NOT_FOUND, _NOT_FOUND),
    (Reason.OUT_OF_MEMORY, _MEMORY),
)


def _sign(own: Sequence[str], last: Sequence[str]) -> tuple[Reason, str] | None:
    """Return the first sign that decides whatever else is logged, and its line.

    What a program logs of something that it does without is none: it listens, or fails for another reason later.
    """
    for reason, pattern in _SIGNS:
        among = own if reason is Reason.OUT_OF_MEMORY else last
        found = [index for index, line in enumerate(among) if pattern.search(line)]
        passes = found and _PASSES.get(reason, _NEVER).search(among[found[-1]])
        if found and not (passes and any(map(says_what_and_why, among[found[-1] + 1 :]))):
            return reason, among[found[0]]
    return None


# Lines of a program that goes on after them: a plugin that it can't start, and its own account of the memory.
_NEVER: Final = re.compile(r"(?!)")
_PASSES: Final = {
    Reason.EXEC_FORMAT: re.compile(r"\blevel\"?[=:]|\b(?:ERROR|WARN|WARNING|INFO|DEBUG)\b"),
    Reason.OUT_OF_MEMORY: re.compile(r"\b(?:INFO|DEBUG)\b|\blevel\"?[=:] ?\"?(?:info|debug)\b"),
}
# Of Metabase and others, which answer 503 meanwhile.
_STARTING: Final = re.compile(r"\binitiali[sz]ing\b|\b(?:still|is) starting\b|\bwarming up\b", re.IGNORECASE)
_LATEST: Final = 4
_ENDINGS: Final = (
    ("canceled", Ending.CANCELED),
    ("cancelled", Ending.CANCELED),
    ("took too long", Ending.TOOK_TOO_LONG),
    ("reached a steady state", Ending.STEADY),
)


def _of_deployment(lines: Sequence[LogLine], version: int) -> tuple[Ending, list[str]]:
    """Return how the deployment ended, and the container's own lines while it was the newest one.

    Each as long as a request in JSON may be: its status is often at its end.
    """
    ending, own, is_its = Ending.NONE, list[str](), True
    for line in lines:
        match = LIGHTSAIL_LINE.match(line.text)
        if match is None:
            if is_its and len(own) < MOST_LINES and line.text.strip():
                own.append(ANSI.sub("", line.text[:LONGEST_REQUEST]))
            continue
        number, words = int(match[1]), match[2].lower()
        is_its = number == version
        if is_its:
            ending = next((end for text, end in _ENDINGS if text in words), ending)
    return ending, own


def _health(lines: Sequence[str], deployment: Deployment) -> tuple[Reason, str, str] | None:
    """Return the last request of the health check, if its status does not count as healthy."""
    last = of_health_check(lines, deployment.health_check_path or "/")
    if last is None or _is_success(last.status, deployment.health_check_codes or "200-499"):
        return None
    reason = Reason.HEALTH_STATUS if last.status >= _SERVER_FAULT else Reason.HEALTH_PATH
    return reason, last.line, str(last.status)


def _still_starts(lines: Sequence[str], health: tuple[Reason, str, str]) -> bool:
    """Return whether the program answers that it isn't available because it still starts, and tells of no failure."""
    return (
        health[2] == str(HTTPStatus.SERVICE_UNAVAILABLE.value)
        and any(map(_STARTING.search, lines[-_LATEST:]))
        and not any(map(says_what_and_why, lines))
    )


def _is_success(status: int, codes: str) -> bool:
    for part in codes.split(","):
        first, _, last = part.strip().partition("-")
        if first.isdecimal() and int(first) <= status <= int(last if last.isdecimal() else first):
            return True
    return False


def _last_run(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines after the last one that says where the program listens: what stands before didn't end it."""
    if restarted(lines):
        return lines
    heard = listenings(lines)
    return lines[heard[-1].at + 1 :] if heard else lines


def _exit(
    lines: Sequence[str], deployment: Deployment, *, by_last_line: bool = False
) -> tuple[Reason, str, str] | None:
    """Return the variable that is missing or the line that says most, if the container exited.

    `by_last_line`: also if no more than its last line speaks of an error.
    """
    said = last_words(lines, by_last_line=by_last_line)
    if said is None:
        return None
    is_set = {variable for container in deployment.containers for variable in container.environment}
    if missing := missing_variable(lines, is_set):
        return Reason.MISSING_VARIABLE, *missing
    return Reason.EXITED, *said


def _port(lines: Sequence[str], deployment: Deployment) -> tuple[Reason, str, str] | None:
    """Return a line that says where the container listens, if that is not the public endpoint's port."""
    if deployment.public_port is None:
        return None
    heard = listenings(lines)
    right = [one for one in heard if int(one.port) == deployment.public_port]
    if heard and not right:
        return Reason.PORT, heard[-1].line, heard[-1].port
    if right and all(one.host.lower() in _LOCAL for one in right):
        return Reason.LOCALHOST, right[-1].line, right[-1].port
    return None


def _quoted(line: str) -> str:
    """Return the line, or of a long one its start and, if that stands later, the reason that it gives."""
    text = "".join(letter if letter.isprintable() else " " for letter in line).strip()
    until = says_why(text)
    if len(text) <= LONGEST_QUOTE:
        return text
    if until <= LONGEST_QUOTE:
        return f"{text[:LONGEST_QUOTE]}…"
    return f"{text[:_HEAD].rstrip()}…{text[until - LONGEST_QUOTE + _HEAD : until]}{'…' * (until < len(text))}"

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
from app.diagnosis.log_endings import last_words, most_telling, restarted, says_what_and_why, says_why, why_it_waits
from app.diagnosis.log_lines import ANSI, unwrapped, without_stop
from app.diagnosis.log_listening import listenings, local_only
from app.diagnosis.log_requests import (
    LONGEST_LINE,
    LONGEST_REQUEST,
    REFUSED_AS,
    host_refusal,
    of_health_check,
    requests_in,
)
from app.diagnosis.log_signs import WORKER_TIMEOUT, first_sign
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
# A container can write such lines too: no version has more digits, and Python reads no number of thousands of them.
LIGHTSAIL_LINE: Final = re.compile(r"\[deployment:(\d{1,9})\] ?(.*)")
_SERVER_FAULT: Final = 500
_CLIENT_CLOSED: Final = 499  # nginx's own, for a client that stopped waiting: nothing was answered


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
    HEALTH_HOST = "health_host"
    HEALTH_PATH = "health_path"
    HEALTH_STATUS = "health_status"
    PORT = "port"
    LOCALHOST = "localhost"
    QUIET = "quiet"


@dataclass(frozen=True)
class LogEvidence:
    """What a log shows. `started`: the container itself wrote something, so its image was pulled.

    `line` is the line that shows the reason, shortened; `detail` its number or name: a status, a port, a host, a variable;
    `failure` the line that says what failed, where `line` is the failed request.
    """

    ending: Ending = Ending.NONE
    reason: Reason = Reason.NOTHING
    line: str = ""
    detail: str = ""
    failure: str = ""

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
    if found := first_sign(own, last):
        return LogEvidence(ending, Reason(found.sign), _quoted(found.line))
    if ending is Ending.CANCELED:  # nothing was started: the previous version still writes under the same name
        return LogEvidence(ending)
    is_checked = container in ("", deployment.public_container)
    health = _health(whole, deployment) if is_checked else None
    evidence = (
        (None if health and _still_starts(own, health) else health)
        or (_exit(last, deployment, is_rest=last is not own) if last else None)
        or (_port(own, deployment) if is_checked else None)
        or _exit(own, deployment, by_last_line=True)
    )
    slow = next((line for line in own if WORKER_TIMEOUT.search(line)), "")
    if evidence is None or (
        slow and evidence[0] is Reason.EXITED
    ):  # gunicorn itself runs on, and starts another worker
        return LogEvidence(ending, Reason.QUIET, _quoted(slow or why_it_waits(own) or own[-1]))
    reason, line, detail = evidence
    requests = {request.line for request in requests_in(own)}
    failure = most_telling([text for text in own if text not in requests]) if reason is Reason.HEALTH_STATUS else ""
    return LogEvidence(ending, reason, _quoted(line, detail), detail, _quoted(failure))


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
    return ending, without_stop([line for line in unwrapped(own) if line.strip()])


def _health(lines: Sequence[str], deployment: Deployment) -> tuple[Reason, str, str] | None:
    """Return the last request of the health check, if its status does not count as healthy, or why it was refused."""
    codes = deployment.health_check_codes or "200-499"
    last = of_health_check(lines, deployment.health_check_path or "/")
    statuses = REFUSED_AS if last is None else (last.status,)
    if _CLIENT_CLOSED in statuses or all(_is_success(status, codes) for status in statuses):
        return None
    if (refusal := host_refusal(lines)) and set(statuses) <= set(REFUSED_AS):
        return Reason.HEALTH_HOST, *refusal
    if last is None:
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
    lines: Sequence[str], deployment: Deployment, *, by_last_line: bool = False, is_rest: bool = False
) -> tuple[Reason, str, str] | None:
    """Return the variable that is missing or the line that says most, if the container exited.

    `by_last_line`: also if no more than its last line speaks of an error. `is_rest`: they aren't a whole run's.
    """
    said = last_words(lines, by_last_line=by_last_line, is_rest=is_rest)
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
    said = local_only(lines)
    if right and (all(one.is_local for one in right) or (said and not any(one.is_everywhere for one in right))):
        return Reason.LOCALHOST, said or right[-1].line, right[-1].port
    return None


def _quoted(line: str, detail: str = "") -> str:
    """Return the line, or of a long one its start and, if that stands later, the reason or the detail that it gives."""
    text = "".join(letter if letter.isprintable() else " " for letter in line).strip()
    named = re.finditer(rf"(?<!\w){re.escape(detail)}(?!\w)", text) if detail else ()
    until = max((says_why(text), *(match.end() for match in named)))
    if len(text) <= LONGEST_QUOTE:
        return text
    if until <= LONGEST_QUOTE:
        return f"{text[:LONGEST_QUOTE]}…"
    return f"{text[:_HEAD].rstrip()}…{text[until - LONGEST_QUOTE + _HEAD : until]}{'…' * (until < len(text))}"

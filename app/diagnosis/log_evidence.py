"""Finds in a container's log what kept a deployment from running. Pure; takes time linear in the log.

Lightsail's own lines are among the container's: `[deployment:4] Creating your deployment`, then `Reached a steady
state`, `Canceled` or `Took too long`. With no line of the container itself, it never started [reported, AWS.md].
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.aws.ports import Deployment
from app.aws.pull_ports import LogLine
from app.diagnosis.log_requests import of_health_check, only_requests
from app.diagnosis.log_variables import missing_variable, names_variable

MOST_LINES: Final = 400
LONGEST_LINE: Final = 400
LONGEST_QUOTE: Final = 160

# A `filterPattern` for the lines that may show a reason, wherever they are in a long log: each term by itself.
TELLING: Final = (
    '?FATAL ?Fatal ?fatal ?panic ?Traceback ?Exception ?Error ?"npm ERR!" ?Unhandled ?Uncaught ?Killed ?memory '
    '?"exec format" ?"not set" ?required ?exited ?"exit code" ?"exit status" ?"not found" '
    '?istening ?"running on" ?"started on"'
)
LIGHTSAIL_LINE: Final = re.compile(r"\[deployment:(\d+)\] ?(.*)")
_EXEC_FORMAT: Final = re.compile(
    r"exec format error|exec user process caused.{0,40}format|wrong architecture"
    r"|\bcannot execute binary file\b|\bqemu-(?:aarch64|arm)\S{0,20}: |\brosetta error: ",
    re.IGNORECASE,
)
_NOT_FOUND: Final = re.compile(
    r"executable file not found|exec user process caused[: \"]{1,4}(?:no such file|permission denied)|exec:.{0,200}(?:no such file|not found|permission denied)|command not found"
    r"|\bexec [^: ]{1,200}(?: failed)?: (?:no such file|not found|permission denied)|starting container process caused|unable to start container process"
    r"|^(?:/\S*/)?(?:ba|da|a)?sh: (?:.{0,200}not found|\S{1,200}: permission denied)"
    # `env: 'bash\r': No such file or directory`, of a script with Windows line ends; BusyBox: `env: can't execute`
    r"|^(?:/\S*/)?env: (?:.{1,200}: (?:no such file|permission denied)|can't execute)"
    r"|^\[(?:dumb-init|tini)[^\]]{0,20}\] \S{1,200}: (?:no such file|permission denied)"
    r"|\b(?:bad interpreter|failed to execute \S{1,200}): (?:no such file|permission denied)"
    # Of dash: `/entrypoint.sh: 3: gunicorn: not found`
    r"|^\S{1,200}: \d{1,5}: \S{1,200}: (?:not found|permission denied)$",
    re.IGNORECASE,
)
# Not advice ("if you run out of memory"), nor a virtual machine's option (`-XX:+ExitOnOutOfMemoryError`).
_MEMORY: Final = re.compile(
    r"(?<!\brun )(?<!\bruns )\bout of memory|\boom[- ]?kill(?:ed|er)?\b|cannot allocate (?:memory|\d+ bytes of memory)"
    r"|\b(?:failed|unable) to allocate (?:memory|[\d.]+ [kmgt]i?b\b)"
    r"|\binsufficient memory for the java\b|\bNoMemoryError"
    # .NET's E_OUTOFMEMORY. Nothing but a lack of memory kills a container's processes with SIGKILL from outside.
    r"|\b0x8007000E\b|(?<!sending )(?<!send )\bsignal[ :=\[\"]{1,4}(?:SIGKILL|killed)\b"
    r"|\bmemory allocation of \d+ bytes failed|\bbad_alloc\b|(?<!On)OutOfMemoryError|(?<!OfMemory)(?<!Of)MemoryError|^killed(?:\s*$|\s{2,}\S)|\bline \d+:\s+\d+ killed\b"
    r"|\bexit(?:ed)?(?: with)?(?: code| status)?[ :=]{1,3}137\b|\bstatus[ :=]{1,2}137\b(?! [a-z])",
    re.IGNORECASE,
)
# Not every code is a program's: `status code 204`, `country code: 49`.
_EXIT_CODE: Final = re.compile(
    r"(?:\bexit(?:ed|ing)?(?: with)?(?: (?:code|status))?"
    r"|\b(?:terminat|finish|return|stopp|end|crash|fail|quit)\w{0,4}\b[^\n]{0,40}?\b(?<!status )code"
    r"|npm ERR! (?:code|errno))[ :=]{1,3}(25[0-5]|2[0-4]\d|1?\d?\d)\b",
    re.IGNORECASE,
)
_FATAL: Final = re.compile(
    r"\b(?:fatal|panic|traceback|unhandled|uncaught|segmentation fault|core dumped|aborted|abort)\b|npm ERR!"
    r"|\bnpm error\b|\b(?:error|exception)\b|\berror:|cannot find|could not|couldn't"
    r"|failed to|not set|is required|missing|no such|unbound variable",
    re.IGNORECASE,
)
ANSI: Final = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
_LISTENING: Final = re.compile(
    r"(?:\b(?:listen\w*|serve|serving|responding|accepting|running|#?start|started|starting|launched|bound|ready|available|server|local)\b"
    r"|^\s{0,9}(?:(?:network|external) )?url: )[^\n]{0,120}?"
    r"(?P<host>\b\d{1,3}(?:\.\d{1,3}){3}|\blocalhost|\[::1?\]|\*|\bport(?:\(s\))?|(?<= )::|(?<= on )(?=:)|(?<= at )(?=:))"
    r"[ :=]{1,3}(?P<port>\d{2,5})\b",
    re.IGNORECASE,
)
# `Server Running: http://5f1c:8080`, by the container's own name.
_LISTENING_URL: Final = re.compile(
    r"\b(?:listening|serving|running|started|launched)(?: on| at| from)?:? https?://(?P<host>[a-z0-9.-]{1,100}):(?P<port>\d{2,5})\b",
    re.IGNORECASE,
)
# `{"msg":"server started","addr":":8081"}`
_LISTENING_JSON: Final = re.compile(
    r"\b(?:listen\w*|serving|running|started|starting|bound|ready)\b[^\n]{0,200}?"
    r"\"(?:addr|address|bind|listen|listen_addr|port)\": ?\"?"
    r"(?P<host>[^\":\s]{1,60}(?=:)|\[::1?\](?=:)|):?(?P<port>\d{2,5})\b",
    re.IGNORECASE,
)
# No program connects to "all addresses", whatever else the line says: `│ http://0.0.0.0:1337/admin`
_LISTENING_ANYWHERE: Final = re.compile(r"(?<![\w.])(?P<host>0\.0\.0\.0|\[::\]):(?P<port>\d{2,5})\b")
_LISTENING_ON: Final = re.compile(r"\blisten\w* (?P<host>on|at) :?(?P<port>\d{2,5})\b(?![-/.:])", re.IGNORECASE)
# Where a program connects to, not where it listens: `exporter to http://localhost:4318`, `redis://localhost:6379`.
_OUTBOUND: Final = re.compile(
    r"\b(?:to|from|via|using|against|upstream|prox(?:y|ied)|backend|broker|exporter|collector|connect\w*|clients?|database|db"
    r"|redis|postgres\w*|mysql|mariadb|mongo\w*|kafka|rabbitmq|amqp|memcached|elasticsearch|smtp)\b"
    r"|\b(?!https?:)[a-z][a-z0-9+.]{1,20}://",
    re.IGNORECASE,
)
# Sinatra; Tomcat: `Starting ProtocolHandler ["http-nio-8080"]`
_LISTENING_NAMED: Final = re.compile(
    r"\b(?P<host>taken the stage on |ProtocolHandler \[\"http-(?:nio2?|apr)-)(?P<port>\d{2,5})\b"
)
_SAYS_WHERE: Final = (
    *(_LISTENING, _LISTENING_ANYWHERE, _LISTENING_ON),
    *(_LISTENING_JSON, _LISTENING_URL, _LISTENING_NAMED),
)
_ALL_ADDRESSES: Final = re.compile(r"0\.0\.0\.0|\[::\]")
# Of MySQL, PostgreSQL, RabbitMQ, Redis, Elasticsearch, memcached, MongoDB: a program says them of what it uses.
_BACKENDS: Final = frozenset({"3306", "5432", "5672", "6379", "9200", "11211", "27017"})
# What only the developers or a monitor connect to.
_ASIDE: Final = re.compile(r"\b(?:debugger|inspector|metrics?|pprof|prometheus|telemetry)\b", re.IGNORECASE)
# `EADDRINUSE` and its like are in capitals: `Example` and `embedded` are words.
_NOT_LISTENING: Final = re.compile(
    r"\b(?:(?i:error|denied|refused|cannot|can't|could not|unable|fail\w*|in use)|E[A-Z]{4,12})\b"
)
_SURELY_LISTENS: Final = re.compile(r"\b(?:listen\w*|serving|bound|launched|accepting connections)\b", re.IGNORECASE)
# A program that still waits or tries again has not ended, though it repeats its lines.
_WAITS: Final = re.compile(r"\b(?:retry\w*|retries|waiting|attempt\w*|reconnect\w*|try(?:ing)? again)\b", re.IGNORECASE)
_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_NUMBER: Final = re.compile(r"\d+")
_TIME_AHEAD: Final = re.compile(r"^\W{0,3}\d[\d:.,/TZ +-]{4,40}\W{0,3}")
# Node's last line after an error that nothing caught.
_NODE_ENDED: Final = re.compile(r"^Node\.js v\d+\.\d+\.\d+\s*$")
_MOST_RESTARTS: Final = 6
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
    ending, own = _of_deployment(lines, deployment.version)
    if not own:
        return LogEvidence(ending)
    last = _last_run(own)
    for reason, pattern in _SIGNS:
        among = last if reason is Reason.COMMAND_NOT_FOUND else own
        if line := next((line for line in among if pattern.search(line)), ""):
            return LogEvidence(ending, reason, _quoted(line))
    if ending is Ending.CANCELED:  # nothing was started: the previous version still writes under the same name
        return LogEvidence(ending)
    is_checked = container in ("", deployment.public_container)
    evidence = (
        (_health(own, deployment) if is_checked else None)
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
_ENDINGS: Final = (
    ("canceled", Ending.CANCELED),
    ("cancelled", Ending.CANCELED),
    ("took too long", Ending.TOOK_TOO_LONG),
    ("reached a steady state", Ending.STEADY),
)


def _of_deployment(lines: Sequence[LogLine], version: int) -> tuple[Ending, list[str]]:
    """Return how the deployment ended, and the container's own lines while it was the newest one."""
    ending, own, is_its = Ending.NONE, list[str](), True
    for line in lines:
        match = LIGHTSAIL_LINE.match(line.text)
        if match is None:
            if is_its and len(own) < MOST_LINES and line.text.strip():
                own.append(ANSI.sub("", line.text[:LONGEST_LINE]))
            continue
        number, words = int(match[1]), match[2].lower()
        is_its = number == version
        if is_its:
            ending = next((end for text, end in _ENDINGS if text in words), ending)
    return ending, own


def _health(lines: Iterable[str], deployment: Deployment) -> tuple[Reason, str, str] | None:
    """Return the last request of the health check, if its status does not count as healthy."""
    last = of_health_check(lines, deployment.health_check_path or "/")
    if last is None or _is_success(last.status, deployment.health_check_codes or "200-499"):
        return None
    reason = Reason.HEALTH_STATUS if last.status >= _SERVER_FAULT else Reason.HEALTH_PATH
    return reason, last.line, str(last.status)


def _is_success(status: int, codes: str) -> bool:
    for part in codes.split(","):
        first, _, last = part.strip().partition("-")
        if first.isdecimal() and int(first) <= status <= int(last if last.isdecimal() else first):
            return True
    return False


def _last_run(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines after the last one that says where the program listens: what stands before didn't end it."""
    if _restarted(lines):
        return lines
    heard = [index for index, line in enumerate(lines) if _listening(line)]
    return lines[heard[-1] + 1 :] if heard else lines


def _exit(
    lines: Sequence[str], deployment: Deployment, *, by_last_line: bool = False
) -> tuple[Reason, str, str] | None:
    """Return the container's last lines, if it exited: it was restarted, or its log says so.

    `by_last_line`: also if no more than its last line speaks of an error.
    """
    code = next((match for line in reversed(lines) if (match := _EXIT_CODE.search(line))), None)
    exited = code is not None and code[1] != "0"
    telling = [line for line in lines if _FATAL.search(line) or names_variable(line)]
    if not exited and _WAITS.search(lines[-1]):
        return None
    ended = exited or _restarted(lines) or any(_is_last_word(line) for line in telling)
    ended = ended or bool(telling and _NODE_ENDED.search(lines[-1]))
    if not ended and not (by_last_line and _FATAL.search(lines[-1])):
        return None
    is_set = {variable for container in deployment.containers for variable in container.environment}
    if missing := missing_variable(lines, is_set):
        return Reason.MISSING_VARIABLE, *missing
    last = telling[-1] if telling else code.string if code else lines[-1]
    return Reason.EXITED, last, code[1] if code and exited else ""


def _is_last_word(line: str) -> bool:
    return bool(
        re.search(
            r"fatal|panic|traceback|unhandled|uncaught|segmentation|core dumped|npm ERR!|npm error code",
            line,
            re.IGNORECASE,
        )
    )


def _restarted(lines: Sequence[str]) -> bool:
    """Return whether the container wrote the same lines from the first on several times: Lightsail restarts it.

    A program that runs repeats the lines of the requests that it answers.
    """
    if only_requests(lines):
        return False
    plain = [_NUMBER.sub("0", line) for line in lines]  # times and process ids differ
    starts = [index for index, line in enumerate(plain) if line == plain[0]]
    if not 2 <= len(starts) <= _MOST_RESTARTS:
        return False
    period = starts[1]
    if period == 1 and len({_TIME_AHEAD.sub("", line) for line in lines}) > 1:  # progress: `loading 12%`
        return False
    return len(plain) >= 2 * period and all(line == plain[index % period] for index, line in enumerate(plain))


def _port(lines: Iterable[str], deployment: Deployment) -> tuple[Reason, str, str] | None:
    """Return a line that says where the container listens, if that is not the public endpoint's port."""
    if deployment.public_port is None:
        return None
    heard = [(line, match) for line in lines if (match := _listening(line))]
    right = [(line, match) for line, match in heard if int(match["port"]) == deployment.public_port]
    if heard and not right:
        line, match = heard[-1]
        return Reason.PORT, line, match["port"]
    if right and all(match["host"].lower() in _LOCAL for _, match in right):
        return Reason.LOCALHOST, right[-1][0], str(deployment.public_port)
    return None


def _listening(line: str) -> re.Match[str] | None:
    match = next((match for pattern in _SAYS_WHERE if (match := pattern.search(line))), None)
    if match is None:
        return None
    before = line[: match.start("host")]
    if _ASIDE.search(before) or _NOT_LISTENING.search(before):
        return None
    if _ALL_ADDRESSES.fullmatch(match["host"]) or _SURELY_LISTENS.search(before):
        return match
    return None if match["port"] in _BACKENDS or _OUTBOUND.search(before) else match


def _quoted(line: str) -> str:
    text = "".join(letter if letter.isprintable() else " " for letter in line).strip()
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"

"""Finds in a container's log whether its program ended, and the line that says why. Pure; linear."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from app.diagnosis.log_requests import of_requests
from app.diagnosis.log_variables import is_optional, names_variable

# Not every code is a program's: `status code 204`, `country code: 49`.
_EXIT_CODE: Final = re.compile(
    r"(?:\bexit(?:ed|ing)?(?: with)?(?: (?:code|status|value \[\w{1,40}\]))?"
    r"|\b(?:terminat|finish|return|stopp|end|crash|fail|quit)\w{0,4}\b[^\n]{0,40}?\b(?<!status )code"
    r"|npm ERR! (?:code|errno))[ :=\[]{1,3}(25[0-5]|2[0-4]\d|1?\d?\d)\b",
    re.IGNORECASE,
)
_LAST_WORD: Final = re.compile(
    r"fatal|panic|traceback|unhandled(?! error event:)|uncaught|segmentation|core dumped|app crashed|\bclean exit\b|npm ERR!|npm error code",
    re.IGNORECASE,
)
_FATAL: Final = re.compile(
    r"\b(?:fatal|panic|traceback|unhandled|uncaught|segmentation fault|core dumped|aborted|abort|clean exit)\b|npm ERR!"
    r"|\bnpm error\b|(?:error|exception)\b|\berror:|cannot find|could not|couldn't"
    r"|failed to|not set|is required|missing|no such|unbound variable|connection refused|permission denied|already in use"
    r"|\b(?:fehler|erreur|erro|errore)\b|\u043e\u0448\u0438\u0431\u043a|エラー|失敗|错误|失败|오류",
    re.IGNORECASE,
)
# A program that still waits or tries again has not ended, though it repeats its lines; one that gave up has.
_WAITS: Final = re.compile(
    r"\b(?<!max )(?<!maximum )(?<!many )(?<!the )(?:retry(?:ing)?|retries|retried|(?<!after )(?<!out )waiting|attempt\w*(?! to )|reconnect\w*|sleeping|not ready yet|not yet ready|trying again|(?:will|to) try again|try again in)\b"
    # Of clients that connect again by themselves: ioredis, librdkafka, Kafka's and MongoDB's Java clients, Spring AMQP,
    # Elixir's DBConnection
    r"|\bunhandled error event:|\brdkafka#|\b(?:broker|node) may not be available\b|\bmonitor thread while connecting\b"
    r"|\bprocessing can restart if\b|\) failed to connect: \*\* \(",
    re.IGNORECASE,
)
_GAVE_UP: Final = re.compile(
    r"\b(?:giv(?:ing|es?) up|gave up|too many|max(?:imum)?|exceeded|exhausted|no more|after \d+ (?:attempts|retries|tries)|unrecoverable|cancell?ing|crashed|clean exit|tim(?:eout|ed out) after \d+ ?\w{0,7} waiting(?![^\n]*\bretry))\b",
    re.IGNORECASE,
)
# A line that a program writes while it runs, and none of its end.
_GOES_ON: Final = re.compile(
    r"^(?!.*(?:fatal|shut|exit|stopp|clos|terminat|finish|quit|abort|fail|complete|\bbye\b))"
    r".*?(?:(?-i:\bINFO\b)|\blevel\"?[=:] ?\"?info\b)",
    re.IGNORECASE,
)
# Numbers, and the ids and addresses that are written with letters too.
_NUMBER: Final = re.compile(r"\b[0-9a-f]{0,8}\d[0-9a-fx-]{0,60}\b|\d+")
_TIME_AHEAD: Final = re.compile(r"^\W{0,3}\d[\d:.,/TZ +-]{4,40}\W{0,3}")
# Node's last line after an error that nothing caught.
_NODE_ENDED: Final = re.compile(r"^Node\.js v\d+\.\d+\.\d+\s*$")
_MOST_RESTARTS: Final = 6
_WHAT_AND_WHY: Final = 3
# A line that says what failed: `panic: …`, `shop.errors.NoSuchTable: …`, `[emerg] …`, `Caused by: …`
_SAYS_WHAT: Final = re.compile(
    r"(?:\b(?:panic|fatal|critical|crit|emerg|alert|SQLSTATE|(?<!os )error|erreur|fehler|failed|failure)\b|E\[3\dm|\w(?:Error|Exception|Failure)\b|\bErrno\b"
    r"|\b(?:Error|Exception):|^(?-i:(?:[a-z_]\w{0,60}\.){1,9}[A-Z]\w{0,60}: )|cannot |can't |could not |couldn't |unable to |failed to |\u043e\u0448\u0438\u0431\u043a|エラー|错误|오류)",
    re.IGNORECASE,
)
# And why.
_SAYS_WHY: Final = re.compile(
    r"refused|\btimed? ?out\b|not (?:found|known)|no such(?: \w{1,20}){0,3}|denied|permi(?:tted|ssion)|unknown(?! (?:\w+ )?error\b)|too (?:low|small|old|new|large|short|long)\b|unrecognized|is required|invalid|expired|in use|"
    r"cannot find|can't find|no space|read-?only|"
    # Errors of the system by their names, not every word in capitals: `ENTRYPOINT`; in Erlang, in lower case
    r"\b(?:eacces|eaddrinuse|econnrefused|ehostunreach|enoent|enospc|eperm|erofs)\b|"
    r"(?-i:\bE(?:ACCES|ADDR|AGAIN|AI_|BAD|BUSY|CONN|EXIST|HOST|INVAL|IO\b|ISDIR|LOOP|MFILE|NET|NO[A-Z]|PERM|PIPE|PROTO|RESOLVE|ROFS|SOCKET|TIMEDOUT)[A-Z_]{0,20})|does(?:n't| not) exist|\bexpected near\b|\bunexpected (?!error|exception)|unresolv|(?:name|dns) resolution|(?:not|n't) resolve|nxdomain|translate host"
    r"|mismatch|certificate|already (?:running|exists|bound|registered|defined)|failed to find|cannot (?:load|import|use|open|connect)|could not (?:be|load|import|open|connect|find)"
    r"|no module|syntax ?error|misspelled|incompatible|unsupported|must install|with the reason \"[^\"\n]{1,80}\"|not (?:installed|accessible|supported)",
    re.IGNORECASE,
)
# A frame of a stack trace, the quoted source, or what is written around every failure, whatever failed.
_SAYS_NOTHING: Final = re.compile(
    r"^\s+(?:at|from|in|raise|throw|File|\.\.\.|\^|~)(?:\s|$)|^\s+\w{1,40}: (?:'[^'\s]*'|-?\d+|undefined|null),?$|^\s+\d{1,4}:\s+(?:0x|<|\S*::|\S*$)|^\s+\S{1,200}: in (?:function|main chunk|upvalue|local|method|field)\b|^Error relocating |^\s*(?:goroutine \d|stack backtrace|Require stack)"
    r"|^Traceback|^Node\.js v|^The above exception|^During handling|\baborted!$|RUST_BACKTRACE|may have more information"
    r"|[\]:] aborting\W*$|\bexit(?:ed)?(?: with)?(?: code| status)?[ :=]{1,3}\d|failed to boot|app failed to load|unable to load app \d|a fatal exception has occurred|could not create the Java Virtual|did not exit normally|^BEGIN failed--|possibly because:\s*$|^[\s\w.\\/]*(?:Error|Exception)\s*$|^\s*https?://\S*$|^\s*(?:throw|raise)\b|shutting down\b|Crash dump"
    r"|^\s*npm (?:error|ERR!)\s*(?:code|errno|syscall|path|signal|command|Lifecycle script|A complete log.*|To see .*|Did you mean .*|npm .*|$)|\b(?:stack trace|full trace)\b|^\W*$"
    r"|\b(?:deprecat|warn(?:ing)?\b|debug\b)",
    re.IGNORECASE,
)
# Whose message is on the next line, of Rust, Apache, Clojure, Dart and R: `thread 'main' panicked at src/main.rs:12:43:`
_SAYS_NEXT: Final = re.compile(
    r"\bpanicked at [^\n]{1,200}:\d+:\s*$|\bSyntax error on line \d+ of [^\n]{1,200}:\s*$"
    r"|^(?:Execution|Syntax) error [^\n]{1,300}:\d+\)\.\s*$|^Unhandled exception:\s*$|^Error in [^\n]{1,300} :\s*$"
)
# Indented, or an item of a list.
_BELOW_HEADING: Final = re.compile(r"(?:\s+|[-*\u2022] )\S")


class LastWords(NamedTuple):
    """The line that says why a program ended, and the status that it ended with, "" where none is logged."""

    line: str
    status: str


def last_words(lines: Sequence[str], *, by_last_line: bool = False, is_rest: bool = False) -> LastWords | None:
    """Return why a container's program ended, or None if it didn't: it was restarted, or its log says so.

    `by_last_line`: also if no more than its last line speaks of an error. `is_rest`: the lines are the rest of a run,
    so that no repeated one shows a restart.
    """
    code = next((match for line in reversed(lines) if (match := _EXIT_CODE.search(line))), None)
    exited = code is not None and code[1] != "0"
    telling = [line for line in lines if _FATAL.search(line) or names_variable(line)]
    if not exited and (still_waits(lines[-1]) or _tries_again(lines)):
        return None
    ended = exited or (not is_rest and restarted(lines))
    ended = ended or (any(_LAST_WORD.search(line) for line in telling) and not _GOES_ON.match(lines[-1]))
    ended = ended or bool(telling and _NODE_ENDED.search(lines[-1]))
    if not ended and not (by_last_line and _ends_in_error(lines)):
        return None
    said = most_telling(lines) or (telling[-1] if telling else code.string if code else lines[-1])
    return LastWords(said, code[1] if code and exited else "")


def _ends_in_error(lines: Sequence[str]) -> bool:
    """Return whether the last line speaks of an error, and of none that the program only warns of.

    The level may stand in the entry's first line, below which the others are indented, as .NET writes it.
    """
    first = next((line for line in reversed(lines) if not line[0].isspace()), "")
    return _FATAL.search(lines[-1]) is not None and not is_optional(first) and not is_optional(lines[-1])


def still_waits(line: str) -> bool:
    """Return whether a program says that it waits or tries again, and has not given up."""
    return _WAITS.search(line) is not None and not _GAVE_UP.search(line)


def why_it_waits(lines: Sequence[str]) -> str:
    """Return the line that says why a program still waits, tries again or goes on, "" if the last one says no such."""
    return most_telling(lines) if still_waits(lines[-1]) or _GOES_ON.match(lines[-1]) else ""


def _tries_again(lines: Sequence[str]) -> bool:
    """Return whether the last lines are those of an attempt that failed like the one before, and is repeated.

    `Unable to connect. Retrying (2)...` stands before the error and its stack trace.
    """
    attempts = [index for index, line in enumerate(lines) if still_waits(line) and _says_failure(line)]
    started_anew = restarted(lines) and not (still_waits(lines[0]) or _says_failure(lines[0]))
    if len(attempts) < 2 or started_anew:
        return False
    before, last = attempts[-2:]
    after = lines[last + 1 :]
    return len(after) < last - before and all(_says_failure(line) and not _says_end(line) for line in after)


def _says_end(line: str) -> bool:
    waited = _WAITS.search(line) and _GAVE_UP.search(line)
    return bool(waited or _LAST_WORD.search(line) or _NODE_ENDED.search(line))


def _says_failure(line: str) -> bool:
    return any(pattern.search(line) for pattern in (_SAYS_NOTHING, _SAYS_WHAT, _SAYS_WHY))


def restarted(lines: Sequence[str]) -> bool:
    """Return whether the container wrote the same lines from the first on several times: Lightsail restarts it.

    A program that runs repeats the lines of the requests that it answers.
    """
    if of_requests(lines[:1]) or of_requests(lines):
        return False
    plain = [_NUMBER.sub("0", line) for line in lines]  # times and process ids differ
    period = _period(plain)
    if period == 1 and len(set(timeless := [_TIME_AHEAD.sub("", line) for line in lines])) > 1:
        if not all(map(_says_failure, lines)):  # progress: `loading 12%`
            return False
        period = _period(timeless)
    return 2 <= -(-len(plain) // period) <= _MOST_RESTARTS and len(plain) >= 2 * period


def _period(lines: Sequence[str]) -> int:
    """Return after how many lines they repeat themselves up to the end; all of them if they don't.

    By the prefix function of Knuth, Morris and Pratt, so that a line that occurs twice in each run doesn't mislead.
    """
    longest = [0] * len(lines)
    for index in range(1, len(lines)):
        length = longest[index - 1]
        while length and lines[index] != lines[length]:
            length = longest[length - 1]
        longest[index] = length + (lines[index] == lines[length])
    return len(lines) - longest[-1]


def most_telling(lines: Sequence[str]) -> str:
    """Return the last of the lines that say most of what failed and why, "" if none does.

    With the line below, if it announces that: `invalid configuration:`, then `  missing setting: cookie-secret`.
    """
    best, best_weight, before = "", 0, ""
    for line, below in zip(lines, [*lines, ""][1:], strict=True):
        weight = _weight(line, before)
        if weight and weight >= best_weight:
            is_heading = line.rstrip().endswith(":") and _BELOW_HEADING.match(below) and not _SAYS_NOTHING.search(below)
            best, best_weight = f"{line.rstrip()} {below.strip()}" if is_heading else line, weight
        before = line
    return best


def says_why(line: str) -> int:
    """Return how far into a line its reason ends, 0 if it has none: where a long one is quoted."""
    return max((match.end() for match in _SAYS_WHY.finditer(line)), default=0)


def says_what_and_why(line: str) -> bool:
    """Return whether a line says by itself what failed, and why."""
    return _weight(line, "") >= _WHAT_AND_WHY


def _weight(line: str, before: str) -> int:
    if _SAYS_NEXT.search(before):
        return 4
    if _SAYS_NEXT.search(line) or _SAYS_NOTHING.search(line):
        return 0
    what = _SAYS_WHAT.search(line) or names_variable(line)
    return 2 * bool(what) + bool(_SAYS_WHY.search(line))

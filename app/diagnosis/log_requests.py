"""Finds in a container's log the HTTP requests that it answered, as many frameworks write them. Pure; linear.

Most write method, path and status on one line, in this order or another. Rails, Phoenix and Fastify write a line for
the request and a later one for its status.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Final, NamedTuple

# Characters of a line in which a member of JSON is looked for: the status stands behind all headers; and of any other.
LONGEST_REQUEST: Final = 4_000
LONGEST_LINE: Final = 400


class LoggedRequest(NamedTuple):
    """A GET or HEAD request in a log, and its answer's status."""

    path: str
    status: int
    line: str


# A whole URL only with an address, as the health check has it: what a program calls itself has names.
_PATH: Final = r"(?:https?://(?:\d{1,3}(?:\.\d{1,3}){3}|localhost)(?::\d{1,5})?)?(?P<path>/[^\s\"'|,]{0,300})"
# In lower case as hapi writes it: `get /x {} 404`
_METHOD: Final = re.compile(r"\b(?:GET|HEAD|get|head)\b")
# Any request, one that the program itself makes too: no program starts anew with it.
_ANY_REQUEST: Final = re.compile(r"\b(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|get|post)\b \"?(?:https?:/)?/")
# `"GET /x HTTP/1.1" 404`; ASP.NET: `GET http://10.0.0.9/x - 404 0`
# chi: `"GET http://… HTTP/1.1" from 10.0.0.9:1 - 404`
_IN_ORDER: Final = re.compile(
    rf"\b(?:GET|HEAD) \"?{_PATH}\"?(?: HTTP/[\d.]+)?\"?(?: from \S{{1,60}})?(?: -)? {{1,3}}(?P<status>[1-5]\d\d)\b"
)
# gin and Fiber: `| 404 | 1.033µs | 10.0.0.9 | GET "/x"`; Tornado: `404 GET /x`; PHP's own server: `[404]: GET /x`
# Ktor: `404 Not Found: GET - /x`
_STATUS_COLUMN: Final = re.compile(
    rf"\| {{0,3}}(?P<status>[1-5]\d\d) {{0,3}}\|[^\n]{{0,160}}?\b(?:GET|HEAD)\b[ |\"]{{1,12}}{_PATH}"
)
_STATUS_FIRST: Final = re.compile(
    rf"(?<![\w.])(?<!\d:)(?P<status>[1-5]\d\d)(?: [A-Z][A-Za-z'-]{{1,20}}){{0,4}}\]?:? (?:GET|HEAD)(?: -)? {_PATH}"
)
# Verdaccio: `http <-- 404, user: null(172.26.9.4), req: 'GET /x', error: …`
_STATUS_BEFORE: Final = re.compile(
    rf"(?<![\w.:])(?P<status>[1-5]\d\d), [^\n]{{0,100}}?\breq(?:uest)?\W{{1,4}}(?:GET|HEAD) {_PATH}"
)
# Serilog: `HTTP GET /x responded 404`; uWSGI: `GET /x => generated 9 bytes in 2 msecs (HTTP/1.1 404)`; `GET /x -> 404`;
# Gitea: `GET /x for 10.0.0.9:0, 404 Not Found`
_LATER: Final = re.compile(
    rf"\b(?:GET|HEAD|get|head) \"?{_PATH}[^\n]{{0,100}}?"
    r"(?:HTTP/[\d.]+ |\b(?:responded|returned|answered|status)(?: with)?:? |, (?=\d\d\d [A-Z][a-z])|[-=]> |\{[^}\n]{0,60}\} |\[|\()(?P<status>[1-5]\d\d)(?![\w.])"
)
# As servers write it that have neither: HAProxy, IIS, hypercorn. Of numbers alone, the first that can be a status.
_SERVED: Final = re.compile(r"\bHTTP/[\d.]+\"?|HealthChecker|\b[123]\.[01]\"")
_ALONE: Final = re.compile(r"(?:^|(?<=[\s|;,]))(?P<status>[2-5]\d\d)(?=[\s|;,]|$)(?! ?(?:ms|µs|us|s|bytes)\b)")
_ASKED: Final = re.compile(rf"\b(?:GET|HEAD) \"?{_PATH}")
# What has no route is answered with 404.
_NO_ROUTE: Final = re.compile(
    r"(?:\b[Nn]o (?:route|mapping|handler|endpoint|page|action)\b[^\n]{0,20}? (?:for|matches|found) [\[\"'(]{0,3}(?:GET|HEAD)[\]\"')]{0,2}:? \"?"
    rf"|\bRoute (?:GET|HEAD):|\bCannot (?:GET|HEAD) ){_PATH}"
)
# Spring: `No static resource healthz.`
_NO_RESOURCE: Final = re.compile(r"\bNo static resource (?P<path>[^\s\"]{1,300}?)\.(?:\W|$)")
# Django: `Not Found: /healthz`
_PHRASES: Final = {status.phrase: int(status) for status in HTTPStatus if status >= HTTPStatus.BAD_REQUEST}
_BY_PHRASE: Final = re.compile(rf"\b(?P<phrase>{'|'.join(map(re.escape, _PHRASES))}): (?P<path>/[^\s\"]{{0,300}})$")
# As JSON or as `key=value`, in any order.
_PATH_MEMBER: Final = re.compile(rf"\b\w{{0,20}}?(?:url|uri|path)\"?[:=] ?\"?{_PATH}", re.IGNORECASE)
_STATUS_MEMBER: Final = re.compile(
    r"\b\w{0,20}?(?:status(?:[_ -]?code)?|response_?code)\"?[:=] ?\"?(?P<status>[1-5]\d\d)\b", re.IGNORECASE
)
# Rails: `Started GET "/x" for 10.0.0.9`; Phoenix: `GET /x`; ASP.NET: `Request starting HTTP/1.1 GET http://… - -`
_STARTED: Final = re.compile(rf"(?:\bStarted |\bstarting HTTP/[\d.]+ |\] )?\b(?:GET|HEAD) \"?{_PATH}\"?(?=$| for | - )")
# Mojolicious: `404 Not Found`
_ANSWERED: Final = re.compile(
    rf"(?:\b(?:Completed|Sent) |(?<!\S)(?=\d\d\d (?:{'|'.join(re.escape(status.phrase) for status in HTTPStatus)})\b))"
    r"(?P<status>[1-5]\d\d)\b"
)

# What refuses a request because of the host that it asks for, such as the container's address, and may log no request:
# Rails, Django, Play, Symfony, ASP.NET, Sinatra, Jupyter, Nextcloud; Angular and Spring name the address.
_HOST_REFUSED: Final = re.compile(
    r"(?:\bBlocked hosts?: |\bInvalid HTTP_HOST header: |\bHost not allowed: |\bUntrusted Host\b"
    r"|\bhost '[^'\n]{1,100}' does not match an allowed host\b|\bprevented by Rack::Protection::HostAuthorization\b"
    r"|\brequest with non-local 'Host'|\bTrusted domain error\b"
    r"|\b(?i:host|hostname|domain) [\"'(]{0,2}\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?[\"')]{0,2} is"
    r" (?:untrusted|not (?:allowed(?! to connect)|trusted))\b)(?:[^\n]{0,9}?\d{1,3}(?:\.\d{1,3}){3})?"
)
REFUSED_AS: Final = (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN)
"""What these answer, where they log no status."""
# Of Go, which is asked without TLS.
_TLS_EXPECTED: Final = re.compile(r"\bsent an HTTP request to an HTTPS server\b")


def requests_in(lines: Iterable[str]) -> list[LoggedRequest]:
    """Return the requests with a status, in their order."""
    found, open_path = list[LoggedRequest](), ""
    for line in lines:
        if request := _on_one_line(line):
            found.append(request)
            open_path = ""
        elif path := _started(line):
            open_path = path
        elif open_path and (match := _ANSWERED.search(line) or _STATUS_MEMBER.search(line)):
            found.append(LoggedRequest(open_path, int(match["status"]), line))
            open_path = ""
    return found


def of_requests(lines: Sequence[str]) -> bool:
    """Return whether each line is about a request that was received, also one whose status isn't in it."""
    return all(
        _on_one_line(line) or _started(line) or _ANY_REQUEST.search(line) or "HealthChecker" in line for line in lines
    )


def of_health_check(lines: Sequence[str], path: str) -> LoggedRequest | None:
    """Return the last request of the health check, or None.

    php-fpm logs the front controller in place of the requested path: `"GET /index.php" 500`. Other scripts are asked
    for by scanners.
    """
    requests = requests_in(lines)
    own = [request for request in requests if "HealthChecker" in request.line or _named(request) == path]
    scripts = [request for request in requests if _named(request).endswith("/index.php")]
    refused = [LoggedRequest(path, HTTPStatus.BAD_REQUEST, line) for line in lines if _TLS_EXPECTED.search(line)]
    return next(iter(own[-1:] or scripts[-1:] or refused[-1:]), None)


def host_refusal(lines: Sequence[str]) -> tuple[str, str] | None:
    """Return the last line that says that a request's host was refused, and its words up to the address."""
    match = next((match for line in reversed(lines) if (match := _HOST_REFUSED.search(line))), None)
    return (match.string, match[0]) if match else None


def _named(request: LoggedRequest) -> str:
    """Return the path without its query."""
    return request.path.partition("?")[0]


def _on_one_line(line: str) -> LoggedRequest | None:
    start = line[:LONGEST_LINE]
    if match := _BY_PHRASE.search(start):
        return LoggedRequest(match["path"], _PHRASES[match["phrase"]], line)
    if match := _NO_RESOURCE.search(start):
        return LoggedRequest(f"/{match['path']}", HTTPStatus.NOT_FOUND, line)
    return _by_method(line, start) if _METHOD.search(line) else None


def _by_method(line: str, start: str) -> LoggedRequest | None:
    for pattern in (_IN_ORDER, _LATER, _STATUS_COLUMN, _STATUS_FIRST, _STATUS_BEFORE):
        if match := pattern.search(start):
            return LoggedRequest(match["path"], int(match["status"]), line)
    if match := _NO_ROUTE.search(start):
        return LoggedRequest(match["path"], HTTPStatus.NOT_FOUND, line)
    path, status = _PATH_MEMBER.search(line) or _ASKED.search(start), _STATUS_MEMBER.search(line)
    if path and not status and _SERVED.search(start):
        status = _ALONE.search(start)
    return LoggedRequest(path["path"], int(status["status"]), line) if path and status else None


def _started(line: str) -> str:
    if not _METHOD.search(line):
        return ""
    match = _STARTED.search(line[:LONGEST_LINE]) or _PATH_MEMBER.search(line)
    return match["path"] if match else ""

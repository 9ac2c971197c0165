"""Checks and headers for every request and response, whatever the route: hosts, origins, sizes, security headers.

Reads no request body, and knows no page.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.auth.rules import is_open

# Whoever has not signed in sends a link or a preference.
MAX_OPEN_BODY = 32 * 1024
# The largest request is a pasted policy (10,240 characters, each up to 12 bytes in a form) with its form.
MAX_BODY = 256 * 1024
READING = frozenset({"GET", "HEAD", "OPTIONS"})
STATIC = "/static/"
HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(:\d{1,5})?")

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types htmx"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

# A file of ours is no page: what such a header says about links, forms and windows only makes each file heavier.
FILE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}

Refusal = Callable[[Request], Awaitable[Response]]


def _plainly(status: HTTPStatus) -> Refusal:
    async def answer(request: Request) -> Response:  # noqa: ARG001  (the signature of every refusal)
        return PlainTextResponse(f"{status.phrase}\n", status)

    return answer


@dataclass(frozen=True)
class RefusalPages:
    """The responses to requests that reach no route."""

    unknown_host: Refusal
    cross_origin: Refusal
    too_large: Refusal


PLAIN = RefusalPages(
    _plainly(HTTPStatus.BAD_REQUEST), _plainly(HTTPStatus.FORBIDDEN), _plainly(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
)


class _Gate(ABC):
    """Answers what may not pass with a refusal, in place of the application."""

    def __init__(self, app: ASGIApp, refusal: Refusal) -> None:
        self.app = app
        self.refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        passes = scope["type"] != "http" or self._may_pass(scope, Headers(scope=scope))
        await (self.app if passes else await self.refusal(Request(scope, receive)))(scope, receive, send)

    @abstractmethod
    def _may_pass(self, scope: Scope, headers: Headers) -> bool:
        """Return whether a request reaches the application."""


class SecurityHeaders:
    """Adds our headers to every response that has not set them itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                is_file = scope["path"].startswith(STATIC) and message["status"] < HTTPStatus.BAD_REQUEST
                for name, value in (FILE_HEADERS if is_file else HEADERS).items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def is_same_origin(headers: Headers) -> bool:
    """Return whether a request may come from our own origin.

    A page cannot set `Sec-Fetch-Site`; browsers without it send `Origin` with every request that could do harm. A
    program sends neither.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is None or _host_of(origin) == headers.get("host")


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # no browser sends this
        return ""


def is_visit(headers: Headers) -> bool:
    """Return whether a person followed a link from another site, in a tab of its own.

    Frames navigate too, and browsers prefetch pages before a link is followed: neither is a visit.
    """
    return (
        headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest", "document") == "document"
        and "sec-purpose" not in headers
    )


class SameOrigin(_Gate):
    """Refuses requests from other sites' pages, which carry the reader's cookies; no CSRF token is needed.

    Other sites may link here and fetch static files. Any other request of theirs could only cost us calls to AWS.
    """

    def _may_pass(self, scope: Scope, headers: Headers) -> bool:
        if is_same_origin(headers):
            return True
        return scope["method"] in READING and (scope["path"].startswith(STATIC) or is_visit(headers))


class DeclaredSize(_Gate):
    """Refuses a body whose declared size is too large for its path, before any of it is read."""

    def __init__(self, app: ASGIApp, refusal: Refusal, max_body: int) -> None:
        super().__init__(app, refusal)
        self.max_body = max_body

    def _may_pass(self, scope: Scope, headers: Headers) -> bool:
        length = headers.get("content-length", "")
        declared = int(length[:20]) if length.isascii() and length.isdigit() else 0
        return declared <= (min(self.max_body, MAX_OPEN_BODY) if is_open(scope["path"]) else self.max_body)


class SentSize:
    """Ends a request whose body is too large for its path, whatever size was declared."""

    def __init__(self, app: ASGIApp, max_body: int) -> None:
        self.app = RequestBodyLimitMiddleware(app, max_body_size=max_body)
        self.open = RequestBodyLimitMiddleware(app, max_body_size=min(max_body, MAX_OPEN_BODY))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        anyone = scope["type"] == "http" and is_open(scope["path"])
        await (self.open if anyone else self.app)(scope, receive, send)


class KnownHost(_Gate):
    """Refuses a request under any name but ours: another site's page could have its own name lead to us.

    One with several Host headers as well: a proxy may have checked another one than we would (RFC 9112, 3.2).
    Starlette's own middleware looks at the first of these alone, and its answer doesn't say what to do.
    """

    def __init__(self, app: ASGIApp, refusal: Refusal, names: Sequence[str]) -> None:
        super().__init__(app, refusal)
        self.names = frozenset(name.lower() for name in names)
        self.endings = tuple(name.removeprefix("*") for name in self.names if name.startswith("*."))

    def _may_pass(self, scope: Scope, headers: Headers) -> bool:  # noqa: ARG002  (the signature of every gate)
        hosts = headers.getlist("host")
        if len(hosts) > 1:
            return False
        if "*" in self.names:
            return True
        named = HOST.fullmatch("".join(hosts))
        return named is not None and (
            named["name"].lower() in self.names or named["name"].lower().endswith(self.endings)
        )


def middleware(
    allowed_hosts: Sequence[str], *, refusals: RefusalPages = PLAIN, max_body: int = MAX_BODY
) -> list[Middleware]:
    """Return all middleware, outermost first: `FastAPI(middleware=[*middleware(hosts), …])`.

    `allowed_hosts` are names without ports, "*.example.com" allowed.
    """
    return [
        Middleware(SecurityHeaders),
        Middleware(KnownHost, names=tuple(allowed_hosts), refusal=refusals.unknown_host),
        Middleware(SameOrigin, refusal=refusals.cross_origin),
        Middleware(DeclaredSize, max_body=max_body, refusal=refusals.too_large),
        Middleware(SentSize, max_body=max_body),
    ]

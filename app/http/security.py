"""Checks and headers for every request and response, whatever the route: hosts, origins, sizes, security headers.

Reads no request body, and knows no page.
"""

from __future__ import annotations

import re
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


async def _refuse_origin(request: Request) -> Response:  # noqa: ARG001  (the signature of every refusal)
    return PlainTextResponse("Cross-origin requests are refused.\n", status_code=403)


async def _refuse_host(request: Request) -> Response:  # noqa: ARG001  (as above)
    return PlainTextResponse("This name is not known here.\n", status_code=400)


async def _refuse_size(request: Request) -> Response:  # noqa: ARG001  (as above)
    return PlainTextResponse("The request is too large.\n", status_code=413)


@dataclass(frozen=True)
class RefusalPages:
    """The responses to requests that reach no route."""

    unknown_host: Refusal = _refuse_host
    cross_origin: Refusal = _refuse_origin
    too_large: Refusal = _refuse_size


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


class SameOrigin:
    """Refuses requests from other sites' pages, which carry the reader's cookies; no CSRF token is needed.

    Other sites may link here and fetch static files. Any other request of theirs could only cost us calls to AWS.
    """

    def __init__(self, app: ASGIApp, refusal: Refusal = _refuse_origin) -> None:
        self.app = app
        self.refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._may_come(scope):
            answer = await self.refusal(Request(scope, receive))
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _may_come(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        if is_same_origin(headers):
            return True
        return scope["method"] in READING and (scope["path"].startswith(STATIC) or is_visit(headers))


class DeclaredSize:
    """Refuses a body whose declared size is too large for its path, before any of it is read."""

    def __init__(self, app: ASGIApp, max_body: int, refusal: Refusal = _refuse_size) -> None:
        self.app = app
        self.max_body = max_body
        self.refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._declared(scope) > _limit_of(scope, self.max_body):
            answer = await self.refusal(Request(scope, receive))
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _declared(self, scope: Scope) -> int:
        length = Headers(scope=scope).get("content-length", "")
        return int(length[:20]) if length.isascii() and length.isdigit() else 0


class SentSize:
    """Ends a request whose body is too large for its path, whatever size was declared."""

    def __init__(self, app: ASGIApp, max_body: int) -> None:
        self.app = RequestBodyLimitMiddleware(app, max_body_size=max_body)
        self.open = RequestBodyLimitMiddleware(app, max_body_size=min(max_body, MAX_OPEN_BODY))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        anyone = scope["type"] == "http" and is_open(scope["path"])
        await (self.open if anyone else self.app)(scope, receive, send)


class KnownHost:
    """Refuses a request under any name but ours: another site's page could have its own name lead to us.

    One with several Host headers as well: a proxy may have checked another one than we would (RFC 9112, 3.2).
    Starlette's own middleware looks at the first of these alone, and its answer doesn't say what to do.
    """

    def __init__(self, app: ASGIApp, names: Sequence[str], refusal: Refusal = _refuse_host) -> None:
        self.app = app
        self.names = frozenset(name.lower() for name in names)
        self.endings = tuple(name.removeprefix("*") for name in self.names if name.startswith("*."))
        self.refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._is_ours(Headers(scope=scope).getlist("host")):
            answer = await self.refusal(Request(scope, receive))
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _is_ours(self, hosts: Sequence[str]) -> bool:
        if len(hosts) > 1:
            return False
        if "*" in self.names:
            return True
        named = HOST.fullmatch("".join(hosts))
        return named is not None and (
            named["name"].lower() in self.names or named["name"].lower().endswith(self.endings)
        )


def _limit_of(scope: Scope, max_body: int) -> int:
    return min(max_body, MAX_OPEN_BODY) if is_open(scope["path"]) else max_body


def middleware(
    allowed_hosts: Sequence[str], *, refusals: RefusalPages | None = None, max_body: int = MAX_BODY
) -> list[Middleware]:
    """Return all middleware, outermost first: `FastAPI(middleware=[*middleware(hosts), …])`.

    `allowed_hosts` are names without ports, "*.example.com" allowed.
    """
    refusals = refusals or RefusalPages()
    return [
        Middleware(SecurityHeaders),
        Middleware(KnownHost, names=tuple(allowed_hosts), refusal=refusals.unknown_host),
        Middleware(SameOrigin, refusal=refusals.cross_origin),
        Middleware(DeclaredSize, max_body=max_body, refusal=refusals.too_large),
        Middleware(SentSize, max_body=max_body),
    ]

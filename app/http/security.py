"""What every answer carries and every request must pass, whatever the route: hosts, origins, sizes, headers.

Must never look into a request's body, nor know any page.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Nothing of ours is larger than a pasted policy (10,240 characters, each up to 12 bytes in a form) with its form.
MAX_BODY = 256 * 1024
READING = frozenset({"GET", "HEAD", "OPTIONS"})
STATIC = "/static/"

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

Refusal = Callable[[Request], Awaitable[Response]]


async def _refuse_origin(request: Request) -> Response:  # noqa: ARG001  (the shape of every refusal)
    return PlainTextResponse("Cross-origin requests are refused.\n", status_code=403)


async def _refuse_size(request: Request) -> Response:  # noqa: ARG001  (as above)
    return PlainTextResponse("The request is too large.\n", status_code=413)


@dataclass(frozen=True)
class RefusalPages:
    """How requests are answered that no route sees."""

    cross_origin: Refusal = _refuse_origin
    too_large: Refusal = _refuse_size


class SecurityHeaders:
    """Adds our headers to every answer that has not set them itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def is_same_origin(headers: Headers) -> bool:
    """Whether a request may come from where this one comes from.

    `Sec-Fetch-Site` cannot be set by a page; browsers that do not send it send `Origin` with what could do harm. A
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
    except ValueError:  # what no browser sends
        return ""


def is_visit(headers: Headers) -> bool:
    """Whether a person comes here by a link of another site, in a tab of its own.

    Frames navigate too, and browsers fetch pages before anyone has followed a link: neither is a visit.
    """
    return (
        headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest", "document") == "document"
        and "sec-purpose" not in headers
    )


class SameOrigin:
    """Refuses what another site's page sends with the reader's cookies; no token has to be carried.

    Other sites may link here and may fetch static files. Anything else they ask for could only cost us calls to AWS.
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
    """Refuses a body that says of itself that it is too large, before any of it is read."""

    def __init__(self, app: ASGIApp, max_body: int, refusal: Refusal = _refuse_size) -> None:
        self.app = app
        self.max_body = max_body
        self.refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._declared(scope) > self.max_body:
            answer = await self.refusal(Request(scope, receive))
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _declared(self, scope: Scope) -> int:
        length = Headers(scope=scope).get("content-length", "")
        return int(length[:20]) if length.isascii() and length.isdigit() else 0


def middleware(
    allowed_hosts: Sequence[str], *, refusals: RefusalPages | None = None, max_body: int = MAX_BODY
) -> list[Middleware]:
    """All of it, outermost first: `FastAPI(middleware=[*middleware(hosts), …])`.

    `allowed_hosts` are names without ports, "*.example.com" allowed.
    """
    refusals = refusals or RefusalPages()
    return [
        Middleware(SecurityHeaders),
        Middleware(TrustedHostMiddleware, allowed_hosts=list(allowed_hosts), www_redirect=False),
        Middleware(SameOrigin, refusal=refusals.cross_origin),
        Middleware(DeclaredSize, max_body=max_body, refusal=refusals.too_large),
        Middleware(RequestBodyLimitMiddleware, max_body_size=max_body),
    ]

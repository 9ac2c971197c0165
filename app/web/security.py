"""What every answer carries and every request must pass, whatever the route: hosts, origins, sizes, headers.

Must never look into a request's body, nor know any page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

Refusal = Callable[[Request], Response]


def refuse_plainly(request: Request) -> Response:  # noqa: ARG001  (the shape of every refusal)
    """Say no without a page, to whoever is not a reader of ours."""
    return PlainTextResponse("Cross-origin writes are refused.\n", status_code=403)


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
    """Whether a write may come from where this one comes from.

    `Sec-Fetch-Site` cannot be set by a page; browsers that do not send it send `Origin`. A program sends neither.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


class SameOriginWrites:
    """Refuses every write that another site's page sends with the reader's cookies; no token has to be carried."""

    def __init__(self, app: ASGIApp, refusal: Refusal = refuse_plainly) -> None:
        self.app = app
        self.refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in READING and not is_same_origin(Headers(scope=scope)):
            await self.refusal(Request(scope, receive))(scope, receive, send)
            return
        await self.app(scope, receive, send)


def middleware(
    allowed_hosts: Sequence[str], *, refusal: Refusal = refuse_plainly, max_body: int = MAX_BODY
) -> list[Middleware]:
    """All of it, outermost first: `FastAPI(middleware=[*middleware(hosts), …])`.

    `allowed_hosts` are names without ports, "*.example.com" allowed; `refusal` answers a cross-origin write.
    """
    return [
        Middleware(SecurityHeaders),
        Middleware(TrustedHostMiddleware, allowed_hosts=list(allowed_hosts), www_redirect=False),
        Middleware(SameOriginWrites, refusal=refusal),
        Middleware(RequestBodyLimitMiddleware, max_body_size=max_body),
    ]

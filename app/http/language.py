"""Chooses the language of a response: the reader's own choice, else the browser's."""

from __future__ import annotations

from babel.core import negotiate_locale
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from app.http.accept import accepted
from app.messages import i18n
from app.messages.i18n import ENGLISH, LANGUAGES

LANGUAGE_COOKIE = "sailpass_language"


def choose(cookie: str | None, accept: str | None) -> str:
    """Return the code of the language to use: the reader's own choice, else the browser's, else English."""
    if cookie in LANGUAGES:
        return cookie
    tags = [tag.replace("-", "_") for tag in accepted(accept or "")]
    return negotiate_locale(tags, list(LANGUAGES)) or ENGLISH


class LanguageMiddleware:
    """Sets the language of each request while it is handled."""

    def __init__(self, app: ASGIApp, catalogues: i18n.Catalogues) -> None:
        self.app = app
        self.catalogues = catalogues

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        code = choose(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language"))
        if not self.catalogues.is_read(code):
            await run_in_threadpool(self.catalogues.__getitem__, code)
        token = i18n.use(code, self.catalogues)
        try:
            await self.app(scope, receive, send)
        finally:
            i18n.leave(token)

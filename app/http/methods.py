"""Which methods an address accepts."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from fastapi import Request
from starlette.routing import Match

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def methods_of(request: Request) -> Iterator[str]:
    """Yield every method that the path accepts; the framework lists only those of the first matching route."""
    for method in METHODS:
        if _accepts(request, request.scope["path"], method):
            yield method


def page_above(request: Request) -> str:
    """Return the nearest address above the request's that is a page, such as that of a service; "" for none."""
    path = str(request.scope["path"])
    while path := path.rpartition("/")[0]:
        if _accepts(request, path, "GET"):
            return quote(path)
    return ""


def _accepts(request: Request, path: str, method: str) -> bool:
    # A HEAD is answered as a GET is (app/http/head.py).
    scope = {**request.scope, "path": path, "method": "GET" if method == "HEAD" else method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)

"""Which methods an address accepts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from fastapi import Request
from starlette.routing import BaseRoute, Match

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def methods_of(request: Request) -> Iterator[str]:
    """Yield every method that the path accepts; the framework lists only those of the first matching route.

    A path that is a route's own, as it is, is no id in the path of another one.
    """
    path = request.scope["path"]
    routes = own_routes(request) or request.app.routes
    for method in METHODS:
        if _accepts(request, routes, path, method):
            yield method


def own_routes(request: Request) -> list[BaseRoute]:
    """Return the routes whose path is the request's as it is, without parameters."""
    return [route for route in request.app.routes if getattr(route, "path", "") == request.scope["path"]]


def page_above(request: Request) -> str:
    """Return the nearest address above the request's that is a page, such as that of a service; "" for none."""
    path = str(request.scope["path"])
    while path := path.rpartition("/")[0]:
        if _accepts(request, request.app.routes, path, "GET"):
            return quote(path)
    return ""


def _accepts(request: Request, routes: Iterable[BaseRoute], path: str, method: str) -> bool:
    # A HEAD is answered as a GET is (app/http/head.py).
    scope = {**request.scope, "path": path, "method": "GET" if method == "HEAD" else method}
    return any(route.matches(scope)[0] is Match.FULL for route in routes)

"""Routes that are complete when they are declared, and whose sync functions run in the page threads."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from inspect import iscoroutinefunction
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from app.threads import run_in_threadpool


class ThreadedRoute(APIRoute):
    """A route whose sync function runs in the page threads: `APIRouter(route_class=ThreadedRoute)`.

    In FastAPI's own threads a request could wait without limit.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint if iscoroutinefunction(endpoint) else _in_thread(endpoint), **options)


def add_routes(app: FastAPI, routes: Iterable[BaseRoute]) -> None:
    """Add routes to an app as they are.

    `include_router` would build each anew with what it inherits: all over half a second, at the first request.
    """
    app.router.routes.extend(routes)


def _in_thread(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(endpoint)
    async def run(**values: Any) -> Any:
        return await run_in_threadpool(endpoint, **values)

    return run

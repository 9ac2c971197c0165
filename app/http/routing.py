"""Routes whose plain functions run in the page threads, never on the event loop."""

from __future__ import annotations

import functools
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from fastapi.routing import APIRoute

from app.threads import run_in_threadpool


class ThreadedRoute(APIRoute):
    """A route whose plain function runs in the page threads: `APIRouter(route_class=ThreadedRoute)`.

    FastAPI would run it in threads where a request may wait without end.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint if iscoroutinefunction(endpoint) else _in_thread(endpoint), **options)


def _in_thread(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(endpoint)
    async def run(**values: Any) -> Any:
        return await run_in_threadpool(endpoint, **values)

    return run

"""For machines: whether the process lives, whether it can work, and its figures."""

from __future__ import annotations

import asyncio
import functools

from fastapi import APIRouter, Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response

from app.errors import Problem
from app.http.deps import ServicesDep
from app.http.routing import ThreadedRoute
from app.threads import BoundedThreads

router = APIRouter(include_in_schema=False, route_class=ThreadedRoute)


DATABASE_SECONDS = 2.0


@router.get("/healthz")
async def alive() -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
async def ready(request: Request, services: ServicesDep) -> Response:
    """The process has started, can work and keep what it does: every part that it needs turns, its database answers."""
    if not getattr(request.app.state, "ready", False):
        return JSONResponse({"status": "starting"}, 503)
    stuck = [part.name for part in services.supervisor.stuck() if part.needed]
    if stuck:
        return JSONResponse({"status": "stuck", "parts": stuck}, 503)
    try:
        await asyncio.wait_for(_probe_thread().run(services.db.ping), DATABASE_SECONDS)
    except (SQLAlchemyError, Problem, TimeoutError):
        return JSONResponse({"status": "no database"}, 503)
    return JSONResponse({"status": "ok"})


@functools.cache
def _probe_thread() -> BoundedThreads:
    # Of its own: a probe must not wait for pages, which may wait for the very database that it asks.
    return BoundedThreads("ready", 1, patience=DATABASE_SECONDS, most_waiting=4)


@router.get("/metrics")
def metrics(services: ServicesDep) -> Response:
    """Figures in Prometheus's text form."""
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest  # noqa: PLC0415  (a tenth of a second at start)

    from app.http.metrics import figures_of  # noqa: PLC0415  (as above)

    return Response(generate_latest() + generate_latest(figures_of(services)), media_type=CONTENT_TYPE_LATEST)

"""For machines: liveness, readiness, and metrics."""

from __future__ import annotations

import asyncio
import functools

from fastapi import Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response

from app.errors import Problem
from app.http.deps import ServicesDep
from app.threads import BoundedThreads
from app.web.routers import page_router

router = page_router()


DATABASE_SECONDS = 2.0


@router.get("/healthz")
async def alive() -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
async def ready(request: Request, services: ServicesDep) -> Response:
    """Whether the process has started and can work: every part makes progress, and its database answers."""
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
    # A pool of its own: a probe must not wait behind pages that wait for the same database.
    return BoundedThreads("ready", 1, patience=DATABASE_SECONDS, most_waiting=4)


@router.get("/metrics")
def metrics(services: ServicesDep) -> Response:
    """Show metrics in Prometheus's text format."""
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest  # noqa: PLC0415  (a tenth of a second at start)

    from app.http.metrics import figures_of  # noqa: PLC0415  (as above)

    return Response(generate_latest() + generate_latest(figures_of(services)), media_type=CONTENT_TYPE_LATEST)

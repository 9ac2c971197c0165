"""For machines: whether the process lives, whether it can work, and its figures."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response

from app.web.deps import ServicesDep

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def alive() -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
def ready(request: Request, services: ServicesDep) -> Response:
    """The process has started and reaches its database."""
    if not getattr(request.app.state, "ready", False):
        return JSONResponse({"status": "starting"}, 503)
    try:
        with services.db.read() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return JSONResponse({"status": "no database"}, 503)
    return JSONResponse({"status": "ok"})


@router.get("/metrics")
def metrics() -> Response:
    """Figures in Prometheus's text form."""
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest  # noqa: PLC0415  (a tenth of a second at start)

    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

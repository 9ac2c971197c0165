"""Routers of the API: what holds for each of their routes."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from app.api.deps import ROOT, speak_english
from app.api.responses import ALWAYS, refusals
from app.api.strict import understood
from app.http.routing import ThreadedRoute
from app.http.validation import OnlyText


def api_router(tag: str, prefix: str = "") -> APIRouter:
    """Return a router whose routes are complete when they are declared: `app.http.routing.add_routes` adds them to an app."""
    return APIRouter(
        prefix=ROOT + prefix,
        tags=[tag],
        dependencies=[OnlyText, Depends(speak_english), Depends(understood)],
        responses=refusals(*ALWAYS),
        route_class=ThreadedRoute,
        generate_unique_id_function=lambda route: route.name,
    )

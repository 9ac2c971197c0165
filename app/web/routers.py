"""Routers of pages: what holds for each of their routes."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from fastapi.params import Depends

from app.http.routing import ThreadedRoute
from app.http.validation import OnlyKnownFields, OnlyText
from app.web.deps import NoteVersion


def page_router(prefix: str = "", *, dependencies: Sequence[Depends] = ()) -> APIRouter:
    """Return a router whose routes are complete when they are declared: `app.http.routing.add_routes` adds them to an app."""
    return APIRouter(
        prefix=prefix,
        dependencies=[OnlyText, OnlyKnownFields, NoteVersion, *dependencies],
        include_in_schema=False,
        route_class=ThreadedRoute,
    )

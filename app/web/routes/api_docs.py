"""The API reference: the OpenAPI document as a page for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.web import links
from app.web.render import render
from app.web.routers import page_router
from app.web.views.api_reference import reference


def router(document: Callable[[], Mapping[str, Any]]) -> APIRouter:
    """Return the route of the reference; `document` returns the OpenAPI document, which web must not import."""
    routes = page_router()

    @routes.get(links.API_DOCS)
    def api_docs(request: Request) -> Response:
        return render(request, reference(document(), str(request.base_url).rstrip("/")))

    return routes

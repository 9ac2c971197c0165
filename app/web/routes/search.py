"""The search over everything: the page, and what the command palette shows."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from app.console.search import LONGEST_QUERY, Group
from app.http.deps import ServicesDep
from app.http.htmx import is_htmx
from app.web import links
from app.web.render import render
from app.web.routers import page_router
from app.web.views.search import search_page

router = page_router()


@router.get(links.SEARCH)
def search(
    request: Request,
    services: ServicesDep,
    q: Annotated[str, Query(max_length=LONGEST_QUERY)] = "",
    kind: Annotated[str, Query(max_length=32)] = "",
) -> Response:
    """What is known under this name, with pages and actions; or all of one kind."""
    group = Group(kind) if kind in set(Group) else None
    return render(request, search_page(services, q, group=group, in_palette=is_htmx(request)))

"""One search over everything that is known."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from app.api.routers import api_router
from app.api.schemas.search import SearchResults
from app.api.schemas.texts import TEXT
from app.console import search as console
from app.console.search import LONGEST_QUERY, Group
from app.http.deps import ServicesDep

router = api_router("Search")

Words = Annotated[
    str,
    Query(
        min_length=1,
        max_length=LONGEST_QUERY,
        pattern=TEXT,
        description="A part of a name or URL, a repository's URI or `name:tag`, a principal's ARN, or the id of an"
        " operation or batch (its first eight characters are enough).",
        examples=["storefront"],
    ),
]


@router.get("/search", summary="Search everything")
def search(
    services: ServicesDep,
    q: Words,
    kind: Annotated[Group | None, Query(description="One group alone.")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="The most of each group.")] = 10,
) -> SearchResults:
    """Services, repositories, principals, operations and batches that are known. Nothing is asked of AWS."""
    return SearchResults.of(console.search(services, q, limit=limit, group=kind))

"""Whether htmx sent a request, and so wants a part of a page."""

from __future__ import annotations

from fastapi import Request


def is_htmx(request: Request) -> bool:
    """Whether htmx asks, and so wants a part of a page; back and forward fetch whole pages, without this header."""
    return request.headers.get("hx-request") == "true"

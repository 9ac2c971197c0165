"""Whether htmx sent a request, and so needs a part of a page."""

from __future__ import annotations

from fastapi import Request


def is_htmx(request: Request) -> bool:
    """Return whether htmx wants a part of a page; back and forward load whole pages, without its header."""
    return request.headers.get("hx-request") == "true"

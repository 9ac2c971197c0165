"""Sends requests to an ASGI application as a browser would, without a server."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

PARTIAL = {"HX-Request": "true"}


def ask(app: Any, path: str, method: str = "GET", **options: Any) -> httpx.Response:
    """The answer of `app`; `options` as httpx takes them."""

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, path, **options)

    return asyncio.run(asked())

"""Below HTTP: closes a connection without an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

KEY = "sailpass.transport"
Message = MutableMapping[str, Any]


class DroppableProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """Uvicorn's own protocol, which also passes the connection of a request to the application."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        inner: Any = self.app  # type: ignore[has-type]

        async def app(scope: Message, receive: Any, send: Any) -> None:
            scope[KEY] = transport
            await inner(scope, receive, send)

        self.app = app


async def drop(scope: Message, send: Callable[[Message], Awaitable[None]]) -> None:
    """Close the connection; if its transport is not known, send an incomplete answer."""
    transport = scope.get(KEY)
    if transport is not None:
        transport.abort()
        await asyncio.sleep(0)  # lets the protocol see the closed connection, so that it sends no 500
        return
    await send({"type": "http.response.start", "status": 500, "headers": [(b"content-length", b"1")]})


async def wait_for_disconnect(receive: Callable[[], Awaitable[Message]], seconds: float) -> None:
    """Send nothing until the caller disconnects, or the time is over."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(gone(), seconds)
    except TimeoutError:
        return

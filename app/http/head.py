"""Answers HEAD as GET without a body (RFC 9110, section 9.3.2), for every address that has GET."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Of this version of ASGI, Starlette stops making an answer in parts when the client has gone.
STOPS_WITH_CLIENT = "2.3"


class HeadAsGet:
    """Runs a HEAD request as the GET of its address and sends the headers of its answer alone.

    It is the outermost, so that the headers are those of GET. An answer in parts, such as an export, is not made any
    further than its first part.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        answer = _HeadersAlone(receive, send)
        versions = {**scope.get("asgi", {}), "spec_version": STOPS_WITH_CLIENT}
        await self.app({**scope, "method": "GET", "asgi": versions}, answer.receive, answer.send)


class _HeadersAlone:
    """The two ends of a request whose answer ends with its headers."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._ended = asyncio.Event()
        self._has_request = False

    async def receive(self) -> Message:
        if not self._has_request:
            message = await self._receive()
            self._has_request = not message.get("more_body", False)
            return message
        await self._ended.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if self._ended.is_set():
            await asyncio.sleep(0)  # lets what makes the answer be stopped
            return
        if message["type"] == "http.response.body":
            self._ended.set()
            message = {"type": message["type"], "body": b""}
        await self._send(message)

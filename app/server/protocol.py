"""HTTP with one client, within bounds: a client that sends or reads too slowly, or sends too much, is disconnected.

uvicorn parses and answers; its only timeout is for idle connections between two requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from app.server.limits import Limits


class Phase(Enum):
    """Which part of a request has arrived."""

    NOTHING = auto()
    HEAD = auto()
    BODY = auto()
    WHOLE = auto()


def refusal(status: HTTPStatus, sentence: str) -> bytes:
    """Return the whole answer to a request that never reaches the application."""
    body = f"{sentence}\n".encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "content-type: text/plain; charset=utf-8\r\n"
        f"content-length: {len(body)}\r\n"
        "connection: close\r\n"
    )
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        head += "retry-after: 1\r\n"
    return head.encode() + b"\r\n" + body


TOO_SLOW = refusal(HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time. Send it again.")
TOO_LONG = refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The address and headers are too long. Send less.")
BUSY = refusal(HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections are open. Try again in a moment.")


class ClientProtocol(HttpToolsProtocol):
    """One connection from `network`; `on_closed` is called once, when it is closed."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        *,
        network: str,
        limits: Limits,
        on_closed: Callable[[ClientProtocol], None],
    ) -> None:
        super().__init__(config, server_state, app_state, asyncio.get_running_loop())
        self.network = network
        self._limits = limits
        self._on_closed = on_closed
        self._phase = Phase.NOTHING
        self._since = self.loop.time()
        self._received = self._chunk = 0
        self._stalled_since: float | None = None
        self._closing_since: float | None = None
        self._made = self._dropped = False

    @property
    def waits_for_client(self) -> bool:
        """Whether the client has to act next; False while the application works."""
        if not self._made or self._stalled_since is not None or self.transport.is_closing():
            return True
        return self._reads and (self._phase is Phase.BODY or not self._answers)

    def drop(self) -> None:
        """Close at once, dropping unsent data; one that is being set up, as soon as it is."""
        self._dropped = True
        if self._made:
            self.transport.abort()

    def enforce_deadlines(self, now: float) -> None:
        """Close if the client has taken too long; `now` is the loop's time."""
        if not self._made:
            return
        if self.transport.is_closing():
            # Unsent data keeps a closing transport open for as long as the client does not read.
            self._closing_since = self._closing_since or now
        stalls = [since for since in (self._stalled_since, self._closing_since) if since is not None]
        if any(now - since > self._limits.write_seconds for since in stalls):
            self.transport.abort()
        elif not stalls and self.waits_for_client and now - self._since > self._seconds:
            self._refuse(TOO_SLOW)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._made = True
        self._enter(Phase.NOTHING)
        if self._dropped:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._on_closed(self)

    def data_received(self, data: bytes) -> None:
        self._chunk = len(data)
        self._received += self._chunk
        super().data_received(data)
        if self._phase is Phase.HEAD and self._received > self._limits.head_bytes:
            self._refuse(TOO_LONG)
        elif self._phase is Phase.BODY and self._received > self._limits.request_bytes:
            self.transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._received = self._chunk
        self._enter(Phase.HEAD)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._enter(Phase.BODY)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._enter(Phase.WHOLE if self._answers else Phase.NOTHING)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._phase is Phase.WHOLE and not self._answers:
            self._enter(Phase.NOTHING)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled_since = self.loop.time()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stalled_since = None

    @property
    def _answers(self) -> bool:
        """Whether the application has an answer to send yet."""
        return bool(self.cycle) and not self.cycle.response_complete

    @property
    def _reads(self) -> bool:
        """Whether more of a request is to come and nothing on our side delays it."""
        return self._phase is not Phase.WHOLE and not self.flow.read_paused

    @property
    def _seconds(self) -> float:
        return self._limits.body_seconds if self._phase is Phase.BODY else self._limits.head_seconds

    def _enter(self, phase: Phase) -> None:
        self._phase, self._since = phase, self.loop.time()

    def _refuse(self, answer: bytes) -> None:
        """Send `answer` and close; only close if the bytes would land inside or after another answer."""
        if self.transport.is_closing():
            return
        unanswered = self._answers and not self.cycle.response_started
        owed = unanswered if self._phase is Phase.BODY else self._phase is Phase.HEAD and not self._answers
        if owed and not self.pipeline:
            self.transport.write(answer)
        self.transport.close()

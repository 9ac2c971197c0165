"""Tells a webhook of what was seen to be done outside Sailpass: signed, at least once, tried again for a day."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
import json
import logging
import socket
import time
import urllib.error
import urllib.request
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from app.bounded_response import BoundedResponse
from app.clock import Clock
from app.db import Database
from app.history import deliveries
from app.history.models import Operation
from app.operations.messages import ENDINGS
from app.operations.state import Kind, Outcome

log = logging.getLogger(__name__)

EVERY = 2.0
"""Seconds between two looks for entries that are due."""
PATIENCE = 10.0
"""Seconds that one delivery may take."""


def _response(sock: socket.socket, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:
    """Return a response that is read within `PATIENCE`."""
    end_at = time.monotonic() + PATIENCE

    def seconds_left() -> float:
        if (seconds := end_at - time.monotonic()) <= 0:
            raise TimeoutError
        return seconds

    return BoundedResponse(seconds_left, sock, *args, **kwargs)


class _HTTPConnection(http.client.HTTPConnection):
    response_class = staticmethod(_response)  # type: ignore[assignment]


class _HTTPSConnection(http.client.HTTPSConnection):
    response_class = staticmethod(_response)  # type: ignore[assignment]


class _HTTP(urllib.request.HTTPHandler):
    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_HTTPConnection, request)


class _HTTPS(urllib.request.HTTPSHandler):
    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_HTTPSConnection, request)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_HTTP, _HTTPS, _NoRedirects)


@dataclass(frozen=True)
class Webhook:
    """Sends entries of what was seen to `url`, signed with `secret`. `threads` run what blocks."""

    db: Database
    clock: Clock
    connection: str
    threads: Executor
    url: str
    secret: str

    async def look(self) -> bool:
        """Send what is due; True, since it worked: what isn't taken is tried again later."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, self._send_due)

    def _send_due(self) -> bool:
        for entry, attempts in deliveries.undelivered(self.db, self.connection, self.clock.now()):
            if deliveries.claim(self.db, entry.id, attempts, self.clock.now()) and self._send(entry):
                deliveries.delivered(self.db, entry.id, self.clock.now())
        return True

    def _send(self, entry: Operation) -> bool:
        body = json.dumps(message_of(entry)).encode()
        seconds = int(self.clock.now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Sailpass",
            "X-Sailpass-Signature": f"t={seconds},v1={signature(self.secret, seconds, body)}",
        }
        request = urllib.request.Request(self.url, body, headers, method="POST")  # noqa: S310  (the operator's address)
        try:
            with _OPENER.open(request, timeout=PATIENCE):
                return True
        except (OSError, http.client.HTTPException) as error:
            # Never with the address, which may hold a secret.
            reason = error.code if isinstance(error, urllib.error.HTTPError) else type(error).__name__
            log.warning("the webhook didn't take the entry %s (%s); it is tried again", entry.id, reason)
            return False


def message_of(entry: Operation) -> dict[str, str | None]:
    """Return what is told of an entry; `text` is what Slack and compatible services show."""
    sentence = ENDINGS[Kind(entry.kind), Outcome.SEEN]
    return {
        "text": f"{entry.region}: {sentence % {'service': entry.service, 'repository': entry.repository}}",
        "id": entry.id,
        "kind": entry.kind,
        "region": entry.region,
        "service": entry.service,
        "repository": entry.repository,
        "known_until": entry.started_at.isoformat() if entry.started_at else None,
        "seen_at": entry.ended_at.isoformat() if entry.ended_at else None,
    }


def signature(secret: str, seconds: int, body: bytes) -> str:
    """Return the signature of a body sent at a time, in hexadecimal."""
    return hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()

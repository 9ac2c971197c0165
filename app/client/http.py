"""Speaks with a running server. Must never send a token along to where a redirect leads: it follows none."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
from typing import Any
from urllib.parse import urlsplit

from app.client.api import NoAnswerError
from app.errors import Problem

# Longer than the server lets a request wait.
SECONDS = 15.0


class Http:
    """One server, and the token that it is shown, if any. A connection per request, so that a restart breaks nothing."""

    is_local = False

    def __init__(self, url: str, token: str = "") -> None:
        address = urlsplit(url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise Problem("client.bad_url", url=url)
        self.url = url.rstrip("/")
        self.host = address.hostname
        self._address = address
        self._headers = {"Accept": "application/json", "User-Agent": "sailpass"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """One request; raises NoAnswerError."""
        payload = None if body is None else json.dumps(body)
        headers = self._headers if payload is None else {**self._headers, "Content-Type": "application/json"}
        with contextlib.closing(self._connection()) as connection:
            try:
                connection.request(method, self._address.path.rstrip("/") + path, payload, headers)
                response = connection.getresponse()
                return response.status, _json(response.read())
            except (OSError, http.client.HTTPException) as error:
                raise NoAnswerError(_why(error)) from error

    def read(self, regions: tuple[str, ...], *, policies: bool) -> None:
        """Nothing to do: the server reads by itself."""

    def _connection(self) -> http.client.HTTPConnection:
        address = self._address
        assert address.hostname is not None  # noqa: S101  (seen to above)
        if address.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(address.hostname, address.port, timeout=SECONDS, context=context)
        return http.client.HTTPConnection(address.hostname, address.port, timeout=SECONDS)


def _why(error: Exception) -> str:
    """The system's own words, without its number."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None

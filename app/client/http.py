"""HTTP client for a running server. It follows no redirects, so that a token never reaches another host."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import ssl
from typing import Any
from urllib.parse import SplitResult

from app.client.api import NoAnswerError
from app.errors import Problem
from app.settings import is_loopback
from app.urls import server_address, without_password

# Longer than the server holds a long poll.
SECONDS = 15.0
# Characters allowed in a header (RFC 6750); others would cause an error that repeats the token.
TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")


class Http:
    """One server, and the token to send, if any. One connection per request, so that server restarts do no harm.

    `insecure`: it may be used without encryption although it is not on this machine.
    """

    is_local = False

    def __init__(self, url: str, token: str = "", *, insecure: bool = False) -> None:
        address = _split(url)
        assert address.hostname is not None  # noqa: S101  (checked there)
        if "@" in address.netloc:
            raise Problem("command.url_with_password", url=without_password(url))
        if address.scheme == "http" and not (insecure or is_loopback(address.hostname)):
            raise Problem("command.insecure_url", url=url)
        if token and not TOKEN.fullmatch(token):
            raise Problem("command.bad_token")
        self.url = url.rstrip("/")
        self.host = address.hostname
        self.port = address.port or (443 if address.scheme == "https" else 80)
        self._address = address
        self._headers = {"Accept": "application/json", "User-Agent": "sailpass"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Send one request and return its answer. Raises NoAnswerError; Problem: `client.redirected`."""
        payload = None if body is None else json.dumps(body)
        headers = self._headers if payload is None else {**self._headers, "Content-Type": "application/json"}
        with contextlib.closing(self._connection()) as connection:
            try:
                connection.request(method, self._address.path.rstrip("/") + path, payload, headers)
                response = connection.getresponse()
                status, content = response.status, response.read()
            except (OSError, http.client.HTTPException) as error:
                raise NoAnswerError(_why(error)) from error
        if 300 <= status < 400:
            raise Problem("client.redirected", url=self.url, to=without_password(response.getheader("Location", "")))
        return status, _json(content)

    def read(self, regions: tuple[str, ...], *, policies: bool) -> None:
        """Do nothing: the server reads AWS in the background."""

    def _connection(self) -> http.client.HTTPConnection:
        if self._address.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self.host, self.port, timeout=SECONDS, context=context)
        return http.client.HTTPConnection(self.host, self.port, timeout=SECONDS)


def _split(url: str) -> SplitResult:
    """Return the parts of a server's URL. Raises Problem `client.bad_url`."""
    address = server_address(url)
    if address is None:
        raise Problem("client.bad_url", url=without_password(url))
    return address


def _why(error: Exception) -> str:
    """Return the system's own error text, without its number."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None

"""Asks a console as a browser does, and counts what comes over the wire. Knows no page."""

from __future__ import annotations

import gzip
import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import brotli

# What Chromium sends to a page of the same origin.
HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en",
    "Sec-Fetch-Site": "same-origin",
}
AS_HTMX = {"HX-Request": "true"}


@dataclass(frozen=True)
class Got:
    """An answer. `wire` is all its bytes: status line, headers and body as sent."""

    status: int
    headers: Mapping[str, str]
    text: str
    wire: int
    seconds: float


class Browser:
    """One kept-alive connection to a console."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)

    def get(self, path: str, *, htmx: bool = False) -> Got:
        return self._ask("GET", path, None, htmx=htmx)

    def submit(self, path: str, *, htmx: bool = True, **fields: str) -> Got:
        """Send a form."""
        return self._ask("POST", path, urlencode(fields).encode(), htmx=htmx)

    def close(self) -> None:
        self._connection.close()

    def _ask(self, method: str, path: str, body: bytes | None, *, htmx: bool) -> Got:
        headers = {**HEADERS, **(AS_HTMX if htmx else {})}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.perf_counter()
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        sent = response.read()
        seconds = time.perf_counter() - began
        head = len(f"HTTP/1.1 {response.status} {response.reason}\r\n\r\n")
        head += sum(len(f"{name}: {value}\r\n") for name, value in response.getheaders())
        received = {name.lower(): value for name, value in response.getheaders()}
        return Got(response.status, received, _plain(sent, received), head + len(sent), seconds)


def _plain(body: bytes, headers: Mapping[str, str]) -> str:
    encoding = headers.get("content-encoding", "")
    if encoding == "br":
        body = brotli.decompress(body)
    elif encoding == "gzip":
        body = gzip.decompress(body)
    is_text = any(word in headers.get("content-type", "") for word in ("text/", "json", "xml"))
    return body.decode() if is_text else ""

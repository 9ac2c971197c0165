"""The standard library's HTTP response with a deadline for all reads: a socket's own time-out begins anew with each byte."""

from __future__ import annotations

import http.client
import io
import socket
from collections.abc import Callable
from typing import Any


class BoundedResponse(http.client.HTTPResponse):
    """A response whose every read waits no longer than what is left."""

    def __init__(
        self, seconds_left: Callable[[], float | None], sock: socket.socket, *args: Any, **kwargs: Any
    ) -> None:
        """Begin to read an answer.

        Args:
            seconds_left: asked before each read; None leaves the socket's time-out as it is. Raises what ends the read.
            sock: the connection's.
            args: of `HTTPResponse`.
            kwargs: of `HTTPResponse`.
        """
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Reader(self.fp.detach(), sock, seconds_left))


class _Reader(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, sock: socket.socket, seconds_left: Callable[[], float | None]) -> None:
        self._raw, self._sock, self._seconds_left = raw, sock, seconds_left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if (seconds := self._seconds_left()) is not None:
            self._sock.settimeout(seconds)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()

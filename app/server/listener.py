"""Accepts connections on one socket and decides which of them are served.

Without a free descriptor, the event loop's own servers stop or refuse everyone; this one closes another connection.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from contextlib import suppress

from app.server.connections import Connection, Connections, FullError, network_of
from app.server.protocol import BUSY, ClientProtocol

log = logging.getLogger(__name__)

# Accepted per turn of the loop at most, so that a flood of connections does not block the open ones.
BURST = 16
# The errors of accept() when the process or the system has no resources left for a connection.
EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
PAUSE_SECONDS = 0.05
SAY_SO_EVERY = 60.0


class Listener:
    """One listening socket, with the `close` and `wait_closed` that uvicorn calls on a server.

    Args:
        sock: bound and listening.
        connections: those of all listeners together.
        make_protocol: creates the protocol for a client, from its network.
    """

    def __init__(
        self, sock: socket.socket, connections: Connections, make_protocol: Callable[[str], ClientProtocol]
    ) -> None:
        self._socket = sock
        self._connections = connections
        self._make_protocol = make_protocol
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[None]] = set()
        self._resume: asyncio.TimerHandle | None = None
        self._said_at = -SAY_SO_EVERY
        sock.setblocking(False)
        self._loop.add_reader(sock, self._accept)

    @property
    def address(self) -> tuple[str, int]:
        """The address that it listens on, as `getsockname` returns it."""
        host, port, *_ = self._socket.getsockname()
        return str(host), int(port)

    def close(self) -> None:
        """Accept no more."""
        if self._resume is not None:
            self._resume.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()

    async def wait_closed(self) -> None:
        """Return at once: the server closes accepted connections."""

    def _accept(self) -> None:
        for _ in range(BURST):
            try:
                client, address = self._socket.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                # Besides exhaustion, these are errors of the connection that was being accepted.
                if error.errno in EXHAUSTED:
                    self._pause(error)
                    return
                continue
            client.setblocking(False)
            self._admit(client, network_of(str(address[0])))

    def _admit(self, client: socket.socket, network: str) -> None:
        try:
            replaced = self._connections.to_close_for(network)
        except FullError:
            with suppress(OSError):
                client.send(BUSY)
            client.close()
            return
        if replaced is not None:
            self._close(replaced)
        protocol = self._make_protocol(network)
        self._connections.add(protocol)
        opening = self._loop.create_task(self._open(client, protocol))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)

    async def _open(self, client: socket.socket, protocol: ClientProtocol) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: protocol, client)
        except OSError:
            self._connections.discard(protocol)
            client.close()

    def _close(self, connection: Connection) -> None:
        # No longer counted from now on; its descriptor is free a turn of the loop later.
        self._connections.discard(connection)
        connection.drop()

    def _pause(self, error: OSError) -> None:
        """Hold fewer connections than before, and accept again when the descriptors of the closed ones are free."""
        if self._loop.time() - self._said_at >= SAY_SO_EVERY:
            self._said_at = self._loop.time()
            log.warning("No connection can be accepted: %s. Raise the limit on open files.", error.strerror)
        for connection in self._connections.lower(BURST):
            connection.drop()
        self._loop.remove_reader(self._socket)
        self._resume = self._loop.call_later(PAUSE_SECONDS, self._loop.add_reader, self._socket, self._accept)

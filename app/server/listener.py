"""Accepts connections on one socket and decides which of them are served.

The event loop's own servers give up or refuse everybody when the process has no descriptor left; this one makes room.
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

# Accepted in one turn of the loop at most, so that a flood of connections does not keep it from the others.
BURST = 16
# What accept() answers when the process or the system has nothing left for a connection.
EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
PAUSE_SECONDS = 0.05
SAY_SO_EVERY = 60.0


class Listener:
    """One listening socket; what uvicorn asks of a server is `close` and `wait_closed`.

    Args:
        sock: bound and listening.
        connections: those of all listeners together.
        make_protocol: makes the protocol for a client of the network that it is given.
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
        """Where it listens, as `getsockname` gives it."""
        host, port, *_ = self._socket.getsockname()
        return str(host), int(port)

    def close(self) -> None:
        """Accept no more."""
        if self._resume is not None:
            self._resume.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()

    async def wait_closed(self) -> None:
        """Return at once: what was accepted is the server's to end."""

    def _accept(self) -> None:
        for _ in range(BURST):
            try:
                client, address = self._socket.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                # Beside exhaustion these are errors of the connection that was to be accepted.
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
        # Counted no longer from now on; its descriptor is free a turn of the loop later.
        self._connections.discard(connection)
        connection.drop()

    def _pause(self, error: OSError) -> None:
        """Hold fewer connections than before, and accept again when the descriptors of those closed are free."""
        if self._loop.time() - self._said_at >= SAY_SO_EVERY:
            self._said_at = self._loop.time()
            log.warning("No connection can be accepted: %s. Raise the limit on open files.", error.strerror)
        for connection in self._connections.lower(BURST):
            connection.drop()
        self._loop.remove_reader(self._socket)
        self._resume = self._loop.call_later(PAUSE_SECONDS, self._loop.add_reader, self._socket, self._accept)

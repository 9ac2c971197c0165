"""uvicorn's server with our listeners, so that no client can take all connections."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from types import FrameType

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from app.clock import SystemClock
from app.server.connections import Connections
from app.server.limits import Limits
from app.server.listener import Listener
from app.server.protocol import ClientProtocol
from app.stopping import ForcedEnd
from app.supervisor import Supervisor

log = logging.getLogger(__name__)

BACKLOG = 1024
# Seconds without a check of the deadlines after which the server counts as hung.
HANGS_AFTER = 30.0
HANGUP = signal.SIGHUP


class Server(uvicorn.Server):
    """Serves `config.app` at `config.host` and `config.port` within `limits`."""

    def __init__(self, config: uvicorn.Config, limits: Limits, supervisor: Supervisor | None = None) -> None:
        super().__init__(config)
        self._limits = limits
        self._connections = Connections(limits)
        self._supervisor = supervisor or Supervisor(SystemClock())
        self._hung_up = False
        self._forced_end: ForcedEnd | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then listen. Ends the process if the address cannot be listened on."""
        await super().startup(sockets=[])  # with no socket of its own it starts the application alone
        try:
            listening = sockets or _listen(self.config.host, self.config.port)
        except OSError as error:
            log.error("%s", error)  # noqa: TRY400  (the message is complete without a traceback)
            await self.lifespan.shutdown()
            sys.exit(STARTUP_FAILURE)
        self._listeners = [Listener(sock, self._connections, self._protocol) for sock in listening]
        self.servers = list(self._listeners)  # type: ignore[arg-type]
        part = self._supervisor.part("connections", HANGS_AFTER)
        self._supervisor.every(part, self._limits.tick_seconds, self._enforce_deadlines)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop in order by SIGHUP too, unless it is ignored, as under nohup."""
        is_main = threading.current_thread() is threading.main_thread()
        if is_main:
            self._forced_end = ForcedEnd()
        if not is_main or signal.getsignal(HANGUP) is signal.SIG_IGN:
            with super().capture_signals():
                yield
            return
        before = signal.signal(HANGUP, self.handle_exit)
        try:
            with super().capture_signals():
                yield
        finally:
            signal.signal(HANGUP, before)
        if self._hung_up:  # as uvicorn does for its signals: the process ends by it, even if threads still wait
            signal.raise_signal(HANGUP)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  (a signal handler's signature)
        """Start to stop. A second signal changes nothing: calls in flight to AWS must still be recorded.

        What hangs is left behind: the process ends `app.stopping.STOPS_WITHIN` after the first signal.
        """
        is_first, self.should_exit = not self.should_exit, True  # a second one may come while this runs
        if is_first and self._forced_end is not None:
            self._forced_end.begin()
        if sig == HANGUP:
            self._hung_up = True
        elif sig not in self._captured_signals:
            self._captured_signals.append(sig)

    @property
    def address(self) -> tuple[str, int]:
        """The address of the first listener, once it listens."""
        return self._listeners[0].address

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, and let requests in progress end."""
        await super().shutdown(sockets)
        await self._supervisor.stop()

    def _protocol(self, network: str) -> ClientProtocol:
        return ClientProtocol(
            self.config,
            self.server_state,
            self.lifespan.state,
            network=network,
            limits=self._limits,
            on_closed=self._connections.discard,
        )

    async def _enforce_deadlines(self) -> bool:
        now = asyncio.get_running_loop().time()
        for connection in self._connections:
            connection.enforce_deadlines(now)
        self._connections.rise()
        return True


def _listen(host: str, port: int) -> list[socket.socket]:
    """Return a listening socket for each address of `host` that this machine has. Raises OSError."""
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    listening: list[socket.socket] = []
    missing: OSError | None = None
    for family, address in dict.fromkeys((family, address) for family, _, _, _, address in addresses):
        try:
            listening.append(socket.create_server(address, family=family, backlog=BACKLOG))
        except OSError as error:
            # A name such as localhost also has an IPv6 address, which not every machine has.
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                raise
            missing = error
    if missing is not None and not listening:
        raise missing
    return listening

"""Serves the sandbox until it is stopped."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable

import uvicorn

from app.sandbox.errors import SandboxError
from app.sandbox.options import SandboxOptions
from app.sandbox.server import create_sandbox
from app.sandbox.transport import DroppableProtocol

LAST_PORT = 65_535


class SandboxServer(uvicorn.Server):
    """A uvicorn server that reports when it is ready."""

    def __init__(self, config: uvicorn.Config, when_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.when_ready = when_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.when_ready()


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket; raises SandboxError with a sentence if that fails."""
    if not 0 <= port <= LAST_PORT:
        raise SandboxError(f"A port is a number from 0 to {LAST_PORT}; it cannot be {port}.")
    try:
        return socket.create_server((host, port), backlog=2048, family=_family(host))
    except OSError as problem:
        number = problem.errno or 0
        reason = os.strerror(number) if number > 0 else problem.strerror
        raise SandboxError(
            f"The sandbox cannot listen on {host}:{port}: {reason}. "
            "Choose another port with --port or SAILPASS_SANDBOX_PORT."
        ) from problem


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def server_for(options: SandboxOptions, when_ready: Callable[[], None]) -> SandboxServer:
    """Return a server of the sandbox that is not running yet."""
    config = uvicorn.Config(
        create_sandbox(options),
        http=DroppableProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=1,
    )
    return SandboxServer(config, when_ready)


def run(options: SandboxOptions) -> int:
    """Serve until SIGINT, SIGTERM or, with `exit_with_parent`, the end of standard input. Return the exit status."""
    listener = bind(options.host, options.port)
    ready = f"Sandbox is ready: {url_of(listener)}"
    server = server_for(options, lambda: print(ready, flush=True))  # noqa: T201  (callers wait for it)
    _log_to_stderr(options)
    if options.exit_with_parent:
        threading.Thread(target=_stop_at_end_of_input, args=(server,), daemon=True).start()
    before = {each: signal.signal(each, lambda *_: _stop(server)) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run(sockets=[listener])
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        listener.close()
    return 0


def _stop(server: uvicorn.Server) -> None:
    server.should_exit = True


def _stop_at_end_of_input(server: uvicorn.Server) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    _stop(server)


def _log_to_stderr(options: SandboxOptions) -> None:
    if options.log_format == "none":
        return
    handler = logging.StreamHandler()
    handler.setFormatter(
        logging.Formatter("%(message)s" if options.log_format == "json" else "%(asctime)s %(message)s")
    )
    log = logging.getLogger("sailpass.sandbox")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False

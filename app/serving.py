"""Runs the console under uvicorn and says when it is ready. Knows nothing of what it serves."""

from __future__ import annotations

import logging
import socket

import uvicorn

from app.auth.terminal import print_start_link
from app.bootstrap import build
from app.logs import set_up_logging
from app.main import create_app
from app.settings import Settings, SettingsError

GRACE_SECONDS = 5


class _Server(uvicorn.Server):
    """Says that it is ready once it can be reached."""

    def __init__(self, config: uvicorn.Config, settings: Settings) -> None:
        super().__init__(config)
        self._settings = settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(f"Sailpass is ready: {address(self._settings)}", flush=True)  # noqa: T201  (others wait for it)
            if self._settings.auth == "local":
                print_start_link(self._settings)


def address(settings: Settings) -> str:
    """Where a browser finds the console."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def serve(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM; the exit status. Raises SettingsError before anything is served."""
    set_up_logging(settings.log_format)
    services = build(settings)
    services.claim()
    config = uvicorn.Config(
        create_app(settings, services),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Server(config, settings)
    try:
        server.run()
    except KeyboardInterrupt:
        logging.getLogger(__name__).info("stopped")
    return 0 if server.started else 1


__all__ = ["SettingsError", "address", "serve"]

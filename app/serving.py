"""Runs the console under uvicorn and announces when it is ready."""

from __future__ import annotations

import ipaddress
import logging
import os
import signal
import socket

import uvicorn

from app import collector
from app.auth.terminal import print_start_link
from app.aws.ports import Aws
from app.bootstrap import Services, build
from app.console.changes import ChangeWatch
from app.db import database_file, is_sqlite
from app.files import data_files, tighten
from app.logs import set_up_logging
from app.main import create_app
from app.migrate import database_errors, refuse_foreign
from app.server.limits import Limits, are_few, limits_for, raise_open_files
from app.server.server import Server
from app.settings import Settings, SettingsError
from app.stopping import REQUESTS_END_WITHIN

TRUSTED_PROXIES = "FORWARDED_ALLOW_IPS"
# Seconds: longer than a page pauses between two polls at most, so that the next one needs no new connection.
KEEP_ALIVE = 10
NO_SIGN_IN = (
    "SAILPASS_AUTH=none turns sign-in off. Every user and program on this computer can change your "
    "repository policies. Use SAILPASS_AUTH=local unless you alone use this computer."
)

log = logging.getLogger(__name__)


class _Server(Server):
    """Prints that it is ready once it can be reached; the replica publishes the address until it stops."""

    def __init__(
        self, config: uvicorn.Config, limits: Limits, services: Services, changes: ChangeWatch, hint: str
    ) -> None:
        super().__init__(config, limits, services.supervisor)
        self._settings = services.settings
        self._announce = services.replica.announce
        self._changes = changes
        self._hint = hint

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce(bound_address(self.address))
            print(f"Sailpass is ready: {address(self._settings)}", flush=True)  # noqa: T201  (programs wait for it)
            if self._hint:
                print(self._hint, flush=True)  # noqa: T201  (for the person who started it)
            if self._settings.auth == "local":
                print_start_link(self._settings)
            collector.settle()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._announce("")  # from here on another process may take the port
        self._changes.stop()
        await super().shutdown(sockets)


def bound_address(name: tuple[str, int]) -> str:
    """Return the URL for this machine of a socket that listens on `name`, as `getsockname` returns it."""
    host = ipaddress.ip_address(name[0])
    if host.is_unspecified:
        host = ipaddress.ip_address("127.0.0.1" if host.version == 4 else "::1")
    return f"http://{f'[{host}]' if host.version == 6 else host}:{name[1]}"


def address(settings: Settings) -> str:
    """Return the console's URL for browsers."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def serve(settings: Settings, aws: Aws | None = None, hint: str = "") -> int:
    """Serve until SIGINT or SIGTERM; return the exit status. Raises SettingsError before anything is served.

    `aws` replaces the connection from AWS's own variables and files; `hint` is printed once the console can be reached.
    """
    set_up_logging(settings.log_format)
    _secure_files(settings)
    services = build(settings, aws=aws)
    with database_errors():
        services.claim()
    if settings.auth == "none" and aws is None:  # the demo has no sign-in either, and nothing to protect
        log.warning(NO_SIGN_IN)
    app = create_app(settings, services)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        # uvicorn trusts every process on this machine; any program here could choose the address that we record.
        forwarded_allow_ips=os.environ.get(TRUSTED_PROXIES, ""),
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=REQUESTS_END_WITHIN,
    )
    server = _Server(config, _limits(len(services.regions)), services, app.state.changes, hint)
    # uvicorn puts its own handler in this one's place while it serves. Ctrl-C once more, while the process ends, is ignored.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server.run()
    if not server.started:
        return 1
    log.info("stopped")
    return 0


def _secure_files(settings: Settings) -> None:
    """Restrict the modes of files that an older release, or a person, left open. Before any of the files is opened.

    Raises SettingsError: the database isn't ours, so nothing beside it is either.
    """
    if is_sqlite(settings.history_url):
        databases = database_file(settings.history_url), database_file(settings.engine_url)
        refuse_foreign(databases[0])
        for sentence in tighten(databases[0].parent, data_files(*databases)):
            log.warning("%s", sentence)


def _limits(regions: int) -> Limits:
    """Return how many connections the limit on open files allows, raised as far as the system permits."""
    open_files = raise_open_files()
    limits = limits_for(open_files, regions)
    if are_few(open_files, regions):
        log.warning(
            "The limit on open files is %s, so at most %s connections are served at a time. Raise it, for example with "
            "“ulimit -n 4096”.",
            open_files,
            limits.connections,
        )
    return limits


__all__ = ["SettingsError", "address", "serve"]
